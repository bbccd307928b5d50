#pragma once

#include <signal.h>

/// Programs that this one starts and that have the terminal: an editor, a pager.
namespace stator::cli {

/// While this lives, Ctrl-C and Ctrl-\ do nothing to this program: the one that has the terminal gets them, too, and
/// decides what they mean (in vi, Ctrl-C ends the typing of text).
class TerminalKeysIgnored {
 public:
  TerminalKeysIgnored();
  ~TerminalKeysIgnored();
  TerminalKeysIgnored(const TerminalKeysIgnored&) = delete;
  TerminalKeysIgnored& operator=(const TerminalKeysIgnored&) = delete;

 private:
  struct sigaction interrupt_ = {};
  struct sigaction quit_ = {};
};

/// Runs the program of that name on PATH in a child after fork, with signals as programs find them; ends with 127 where
/// there is none.
[[noreturn]] void exec_program(const char* name);

/// Runs a shell command in a child after fork, with signals as programs find them; `argument`, if not null, is its $1.
[[noreturn]] void exec_shell(const char* command, const char* argument = nullptr);

/// Waits for a child to end and returns its status.
int wait_for_child(pid_t child);

}  // namespace stator::cli
