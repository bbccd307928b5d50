#include "cli/interrupt.h"

#include <algorithm>
#include <csignal>
#include <thread>

namespace stator::cli {
namespace {

volatile std::sig_atomic_t signal_came = 0;

void note_signal(int) { signal_came = 1; }

constexpr int kSignals[] = {SIGINT, SIGTERM};

}  // namespace

Interrupt::Interrupt() {
  signal_came = 0;
  struct sigaction action {};
  action.sa_handler = note_signal;
  // Without SA_RESTART a read of standard input returns, so that the signal is noticed. SA_RESETHAND lets the second
  // one end the process.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int signal : kSignals) sigaction(signal, &action, nullptr);
}

Interrupt::~Interrupt() {
  for (const int signal : kSignals) std::signal(signal, SIG_DFL);
}

bool Interrupt::requested() { return signal_came != 0; }

void Interrupt::check() {
  if (requested()) throw Interrupted();
}

void Interrupt::sleep(std::chrono::milliseconds duration) {
  constexpr std::chrono::milliseconds kSlice{50};
  for (auto left = duration; left > left.zero(); left -= kSlice) {
    check();
    std::this_thread::sleep_for(std::min(left, kSlice));
  }
  check();
}

}  // namespace stator::cli
