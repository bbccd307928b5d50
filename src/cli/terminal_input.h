#pragma once

#include <array>
#include <csignal>
#include <functional>

#include "core/descriptor.h"

namespace stator::cli {

/// Characters that are typed on a terminal, and the signals of its keys. A handler writes each signal into a pipe that
/// is read beside the terminal: a signal that arrives just before the wait for a character ends that wait, and so does
/// one that another thread of the process was given. Neither holds where a signal only interrupts a read.
class TerminalInput {
 public:
  static constexpr int kEnd = -1;

  /// What is done about a signal in the thread that reads, outside the handler.
  struct Actions {
    std::function<void()> resize;   // SIGWINCH
    std::function<void()> leave;    // SIGTSTP: before the process stops
    std::function<void()> return_;  // SIGCONT
  };

  /// Reads from descriptor `terminal`, which stays the caller's. Throws std::system_error.
  TerminalInput(int terminal, Actions actions);

  /// While this lives, signals go to their input. There is one at a time, as handlers are the process's.
  class Listening {
   public:
    explicit Listening(TerminalInput& input);
    ~Listening();
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;

   private:
    std::array<struct sigaction, 4> before_ = {};
  };

  /// The next character, decoded as the locale says; bytes that are no character are left out. kEnd at the end of input
  /// and after Ctrl-C (`interrupted`).
  int character();
  /// Whether Ctrl-C ended the last character().
  [[nodiscard]] bool interrupted() const { return interrupted_; }

 private:
  void act(int signal);

  int terminal_;
  Actions actions_;
  core::Descriptor signals_;  // the pipe's end that is read
  core::Descriptor handler_;  // the end that the handler writes
  bool interrupted_ = false;
};

}  // namespace stator::cli
