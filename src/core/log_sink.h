#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace stator::core {

enum class LogLevel : std::uint8_t { kInfo, kWarning, kError };

/// Where a component of the library tells what no caller is waiting for, a line each, without a line break. Given by
/// the program that uses the library; called from any thread; must not throw. Empty: nobody wants to know.
using LogSink = std::function<void(LogLevel level, std::string_view line)>;

inline void log(const LogSink& sink, LogLevel level, std::string_view line) {
  if (sink) sink(level, line);
}

}  // namespace stator::core
