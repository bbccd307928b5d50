#pragma once

#include <chrono>

/// Ctrl-C (SIGINT) and SIGTERM, which a long command checks for between two steps, so that it can report what it did.
namespace stator::cli {

/// Thrown by Interrupt::check.
struct Interrupted {};

/// The status that a shell reports for a program ended by SIGINT.
inline constexpr int kInterruptedExit = 130;

/// While one exists, the first of these signals is only noted and a second one ends the process. At most one exists.
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
