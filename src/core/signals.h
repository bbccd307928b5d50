#pragma once

#include <array>
#include <csignal>

/// Signals that would end the program when a write fails. They are ignored, so that the write returns an error instead.
namespace stator::core {

/// The reader of a pipe has gone (`| head`), or a file may not grow further (`ulimit -f`), which is reported like a
/// full disk.
inline constexpr std::array kSignalsOfWrites{SIGPIPE, SIGXFSZ};

inline void ignore_signals_of_writes() {
  for (const int signal : kSignalsOfWrites) ::signal(signal, SIG_IGN);
}

/// Call this before another program is run in this process, since ignored signals would stay ignored there.
inline void restore_signals_of_writes() {
  for (const int signal : kSignalsOfWrites) ::signal(signal, SIG_DFL);
}

}  // namespace stator::core
