#pragma once

#include <signal.h>

/// Runs programs that take over the terminal: an editor, a pager.
namespace stator::cli {

/// While this exists, this program ignores Ctrl-C and Ctrl-\. The program that has the terminal gets them, too, and
/// decides what they mean (in vi, Ctrl-C leaves insert mode).
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

/// Runs the program of that name on PATH, in a child after fork, with default signal handling; exits with 127 if there
/// is none.
[[noreturn]] void exec_program(const char* name);

/// Runs a shell command in a child after fork, with default signal handling; `argument`, if not null, is its $1.
[[noreturn]] void exec_shell(const char* command, const char* argument = nullptr);

/// Waits for a child to end and returns its status.
int wait_for_child(pid_t child);

}  // namespace stator::cli
