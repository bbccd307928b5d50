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
  /// Empty if the request named none.
  std::string_view operation;
  unsigned status = 0;
  /// Size of the reply's body as sent.
  std::size_t bytes = 0;
  std::int64_t micros = 0;
  std::string_view request_id;
  /// X-Amzn-Trace-Id, which several requests may share; empty if the client sent none.
  std::string_view trace;
};

/// Makes the process's log: one line per entry on standard error, from `level` up ("trace", "debug", "info", "warn",
/// "error", "off"); as JSON, each line is one object. Throws std::runtime_error for an unknown level.
void configure_log(std::string_view level, LogFormat format);

/// Writes `record` to `logger` as one line in that format.
void log_request(spdlog::logger& logger, LogFormat format, const RequestRecord& record);

}  // namespace stator::server
