#include "cli/foreground.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "core/signals.h"

namespace stator::cli {

TerminalKeysIgnored::TerminalKeysIgnored() {
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGINT, &ignore, &interrupt_);
  ::sigaction(SIGQUIT, &ignore, &quit_);
}

TerminalKeysIgnored::~TerminalKeysIgnored() {
  ::sigaction(SIGINT, &interrupt_, nullptr);
  ::sigaction(SIGQUIT, &quit_, nullptr);
}

namespace {

void reset_signals() {
  for (const int signal : {SIGINT, SIGQUIT}) ::signal(signal, SIG_DFL);
  core::restore_signals_of_writes();
}

}  // namespace

void exec_program(const char* name) {
  reset_signals();
  ::execlp(name, name, static_cast<char*>(nullptr));
  ::_exit(127);
}

void exec_shell(const char* command, const char* argument) {
  reset_signals();
  // The shell also waits for the command, and must not be ended by keys that are meant for the command.
  const std::string line = std::string("trap : INT QUIT; ") + command;
  ::execl("/bin/sh", "sh", "-c", line.c_str(), "sh", argument, static_cast<char*>(nullptr));
  ::_exit(127);
}

int wait_for_child(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace stator::cli
