#pragma once

#include <chrono>

/// Ctrl-C (SIGINT) and SIGTERM, noticed between two steps of a long command, which then says what it did.
namespace stator::cli {

/// Thrown by Interrupt::check.
struct Interrupted {};

/// What a shell reports for a program that SIGINT ended.
inline constexpr int kInterruptedExit = 130;

/// While one exists, the first of these signals is only noted; a second one ends the process. One at a time.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  [[nodiscard]] static bool requested();
  /// Throws Interrupted once a signal came.
  static void check();
  /// Waits, and throws Interrupted where a signal comes meanwhile.
  static void sleep(std::chrono::milliseconds duration);
};

}  // namespace stator::cli
