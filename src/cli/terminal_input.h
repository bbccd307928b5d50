#pragma once

#include <array>
#include <csignal>
#include <functional>

#include "core/descriptor.h"

namespace stator::cli {

/// Reads characters typed on a terminal, and the signals of its keys. A handler writes each signal into a pipe that is
/// read together with the terminal. So a signal also ends the wait for a character if it arrives just before it, or on
/// another thread; a signal that only interrupts a read would not.
class TerminalInput {
 public:
  static constexpr int kEnd = -1;

  /// What the reading thread does about a signal, outside the handler.
  struct Actions {
    std::function<void()> resize;   // SIGWINCH
    std::function<void()> leave;    // SIGTSTP, before the process stops
    std::function<void()> return_;  // SIGCONT
  };

  /// Reads from descriptor `terminal`, which the caller owns. Throws std::system_error.
  TerminalInput(int terminal, Actions actions);

  /// While this exists, signals go to the input. Only one may exist at a time, as signal handlers belong to the
  /// process.
  class Listening {
   public:
    explicit Listening(TerminalInput& input);
    ~Listening();
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;

   private:
    std::array<struct sigaction, 4> before_ = {};
  };

  /// The next character, decoded by the locale; invalid bytes are skipped. kEnd at the end of input, and after Ctrl-C
  /// (`interrupted`).
  int character();
  /// Whether Ctrl-C ended the last character().
  [[nodiscard]] bool interrupted() const { return interrupted_; }

 private:
  void act(int signal);

  int terminal_;
  Actions actions_;
  core::Descriptor signals_;  // the pipe's end to read
  core::Descriptor handler_;  // the end that the handler writes to
  bool interrupted_ = false;
};

}  // namespace stator::cli
