#include "cli/pager.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <ostream>
#include <string>

#include "cli/foreground.h"

namespace stator::cli {
namespace {

std::string pager_command() {
  for (const char* name : {"STATOR_PAGER", "PAGER"}) {
    if (const char* value = std::getenv(name); value != nullptr) return value;
  }
  return "less";
}

}  // namespace

Pager::Pager(const Session& session) : session_(session) {
  if (!session.pages || !session.out_is_terminal) return;
  const std::string command = pager_command();
  if (command.empty() || command == "cat") return;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  session.out->flush();
  terminal_ = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  process_ = terminal_ < 0 ? -1 : ::fork();
  if (process_ == 0) {
    ::dup2(ends[0], STDIN_FILENO);
    // F: end at once where the text fits the screen; R: colours; X: do not clear the screen.
    ::setenv("LESS", "FRX", 0);
    exec_shell(command.c_str());
  }
  if (process_ > 0) ::dup2(ends[1], STDOUT_FILENO);
  ::close(ends[0]);
  ::close(ends[1]);
  if (process_ < 0 && terminal_ >= 0) ::close(terminal_);
}

Pager::~Pager() {
  if (process_ <= 0) return;
  try {
    session_.out->flush();
  } catch (const std::exception&) {  // the reader left the pager
  }
  ::dup2(terminal_, STDOUT_FILENO);
  ::close(terminal_);
  // The pager is the reader's until it ends: Ctrl-C there only stops a search.
  const TerminalKeysIgnored guard;
  wait_for_child(process_);
}

}  // namespace stator::cli
