#include "cli/terminal_input.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cwchar>
#include <system_error>
#include <utility>

namespace stator::cli {
namespace {

constexpr std::array kSignals = {SIGINT, SIGWINCH, SIGTSTP, SIGCONT};

/// The descriptor that the handler writes to; global, as a handler gets no argument for it.
std::atomic<int> g_signals = -1;

void on_signal(int signal) {
  const int error = errno;
  const auto byte = static_cast<unsigned char>(signal);
  // A failure is ignored: a full pipe holds thousands of unread signals.
  [[maybe_unused]] const ssize_t written = ::write(g_signals, &byte, 1);
  errno = error;
}

void set_handler(int signal, void (*handler)(int), struct sigaction* before) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, before);
}

}  // namespace

TerminalInput::TerminalInput(int terminal, Actions actions) : terminal_(terminal), actions_(std::move(actions)) {
  std::array<int, 2> ends = {};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe");
  signals_ = core::Descriptor(ends[0]);
  handler_ = core::Descriptor(ends[1]);
}

TerminalInput::Listening::Listening(TerminalInput& input) {
  g_signals = input.handler_.number();
  for (std::size_t i = 0; i < kSignals.size(); ++i) set_handler(kSignals[i], &on_signal, &before_[i]);
}

TerminalInput::Listening::~Listening() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
}

void TerminalInput::act(int signal) {
  switch (signal) {
    case SIGINT:
      interrupted_ = true;
      break;
    case SIGWINCH:
      actions_.resize();
      break;
    case SIGTSTP: {
      actions_.leave();
      struct sigaction handled = {};
      set_handler(SIGTSTP, SIG_DFL, &handled);
      ::raise(SIGTSTP);  // returns after SIGCONT, whose byte is then in the pipe
      ::sigaction(SIGTSTP, &handled, nullptr);
      break;
    }
    default:
      actions_.return_();
  }
}

int TerminalInput::character() {
  interrupted_ = false;
  std::mbstate_t state = {};
  while (true) {
    std::array<pollfd, 2> ready = {pollfd{signals_.number(), POLLIN, 0}, pollfd{terminal_, POLLIN, 0}};
    if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) return kEnd;
    if (unsigned char signal = 0; ::read(signals_.number(), &signal, 1) == 1) {
      act(signal);
      if (interrupted_) return kEnd;
      continue;
    }
    if (ready[1].revents == 0) continue;
    char byte = 0;
    const ssize_t read = ::read(terminal_, &byte, 1);
    if (read < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (read <= 0) return kEnd;
    wchar_t character = 0;
    const std::size_t taken = std::mbrtowc(&character, &byte, 1, &state);
    if (taken <= 1) return static_cast<int>(character);
    if (taken == static_cast<std::size_t>(-1)) state = {};
  }
}

}  // namespace stator::cli
