#include "cli/time_option.h"

#include <charconv>

#include "cli/command.h"
#include "core/timestamp.h"

namespace stator::cli {

double read_time(const std::string& option, const std::string& text) {
  constexpr double kMicroseconds = 1e6;
  constexpr double kLatestSeconds = 1e11;  // in the year 5138
  // Fewer digits may be a year or a date.
  constexpr std::size_t kLeastDigits = 9;
  if (text.find_first_not_of("0123456789.") == std::string::npos && text.size() >= kLeastDigits) {
    double seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error == std::errc() && end == text.data() + text.size() && seconds < kLatestSeconds) return seconds;
  }
  const auto time = core::parse_timestamp(text, core::Completion::kFirst);
  if (!time) throw CommandError("stator: " + option + " " + text + " is not a time such as 2026-11-25T10:00:00Z", 2);
  return static_cast<double>(time->microseconds) / kMicroseconds;
}

}  // namespace stator::cli
