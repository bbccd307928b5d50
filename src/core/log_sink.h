#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace stator::core {

enum class LogLevel : std::uint8_t { kInfo, kWarning, kError };

/// Receives messages that no caller waits for: one line per call, without a line break. Set by the program that uses
/// the library; called from any thread; must not throw. If empty, the lines are dropped.
using LogSink = std::function<void(LogLevel level, std::string_view line)>;

inline void log(const LogSink& sink, LogLevel level, std::string_view line) {
  if (sink) sink(level, line);
}

}  // namespace stator::core
