#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace spdlog {
class logger;
}

namespace stator::server {

enum class LogFormat : std::uint8_t { kText, kJson };

/// One answered request, for the log.
struct RequestRecord {
  std::string_view method;
  /// Empty where the request named none.
  std::string_view operation;
  unsigned status = 0;
  /// Size of the reply's body as sent.
  std::size_t bytes = 0;
  std::int64_t micros = 0;
  std::string_view request_id;
  /// The X-Amzn-Trace-Id, which other requests may share; empty where the client sent none.
  std::string_view trace;
};

/// Makes the process's log: to standard error, from `level` up ("trace", "debug", "info", "warn", "error", "off"), a
/// line an entry; as JSON each line is one object. Throws std::runtime_error for a level it does not know.
void configure_log(std::string_view level, LogFormat format);

/// Writes `record` to `logger` as a line of that format.
void log_request(spdlog::logger& logger, LogFormat format, const RequestRecord& record);

}  // namespace stator::server
