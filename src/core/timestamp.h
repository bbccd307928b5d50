#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stator::core {

/// A moment in microseconds, with its UTC offset as written.
struct Timestamp {
  /// Microseconds since 1970-01-01T00:00:00Z.
  std::int64_t microseconds = 0;
  /// Minutes east of UTC.
  int offset_minutes = 0;
};

/// Parses "2023-03-20T10:00:00.000000+00:00" and variants: a space instead of T, no fraction or up to six digits, "Z",
/// "+02:00" or "+0200". The offset is required; years are 0001 to 9999. nullopt for anything else.
std::optional<Timestamp> parse_timestamp(std::string_view text);

/// Also parses texts that stop after the day, minute or second, in UTC, as their first or last microsecond:
/// "2023-03-20" becomes 2023-03-20T00:00:00.000000+00:00 or 2023-03-20T23:59:59.999999+00:00.
enum class Completion : std::uint8_t { kFirst, kLast };
std::optional<Timestamp> parse_timestamp(std::string_view text, Completion completion);

/// "2023-03-20T10:00:00.000000+00:00": in UTC with all six digits, so that text order is time order.
std::string sortable(const Timestamp& time);

/// Whether format_timestamp knows all directives in `format`.
bool is_time_format(std::string_view format);
/// Like strftime in the C locale with the timestamp's own offset: %Y %m %d %H %I %M %S %f %p %a %A %b %B %j %y %z %Z
/// %%.
std::string format_timestamp(const Timestamp& time, std::string_view format);

}  // namespace stator::core
