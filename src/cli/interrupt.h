#pragma once

#include <chrono>
#include <string>

#include "cli/command.h"

/// Ctrl-C (SIGINT) and SIGTERM, which a long command checks for between its steps, so that it can report what it did.
namespace stator::cli {

/// Thrown by Interrupt::check.
struct Interrupted {};

/// The status that a shell reports for a program ended by SIGINT.
inline constexpr int kInterruptedExit = 130;

/// While one exists, the first of these signals is only noted, and the second ends the process. At most one may exist.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  [[nodiscard]] static bool requested();
  /// Throws Interrupted if a signal has come.
  static void check();
  /// Waits; throws Interrupted if a signal comes meanwhile.
  static void sleep(std::chrono::milliseconds duration);
};

/// Runs `work`, which sends a request and waits, with Interrupt::sleep, until the database has done it. Ctrl-C ends
/// only the waiting. `goes_on` is the message for that: "the restore of shop goes on in the database".
template <class Work>
auto wait_for_database(const std::string& goes_on, Work work) {
  const Interrupt interrupt;
  try {
    return work();
  } catch (const Interrupted&) {
    throw CommandError("stator: interrupted: " + goes_on, kInterruptedExit);
  }
}

}  // namespace stator::cli
