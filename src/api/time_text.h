#pragma once

#include <cstdint>
#include <ctime>
#include <string>

namespace stator::api {

/// A time in messages: "2026-10-06T23:16:32Z". `time_ms` is since 1970.
inline std::string time_text(std::int64_t time_ms) {
  constexpr std::int64_t kMsPerSecond = 1000;
  const std::time_t seconds = time_ms / kMsPerSecond;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[40];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

}  // namespace stator::api
