#pragma once

#include <array>
#include <csignal>

/// Signals that would end the program for a write that failed, so that the write says it in their place.
namespace stator::core {

/// A reader that left (`| head`), and a file that may not grow further (`ulimit -f`), which is told like a full disk.
inline constexpr std::array kSignalsOfWrites{SIGPIPE, SIGXFSZ};

inline void ignore_signals_of_writes() {
  for (const int signal : kSignalsOfWrites) ::signal(signal, SIG_IGN);
}

/// Before another program is run in this process: what is ignored stays ignored there.
inline void restore_signals_of_writes() {
  for (const int signal : kSignalsOfWrites) ::signal(signal, SIG_DFL);
}

}  // namespace stator::core
