#include "server/log.h"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <stdexcept>
#include <string>

#include "core/json_string.h"

namespace stator::server {
namespace {

/// Writes the message as a JSON member; a message that already is a list of members (it begins with a quote) is copied
/// unchanged.
class MembersFlag final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/, spdlog::memory_buf_t& out) override {
    const std::string_view text(message.payload.data(), message.payload.size());
    std::string members;
    if (text.starts_with('"')) {
      members = text;
    } else {
      members = "\"message\":";
      core::append_json_string(text, members);
    }
    out.append(members.data(), members.data() + members.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<MembersFlag>();
  }
};

constexpr std::array<std::string_view, 6> kLevels = {"trace", "debug", "info", "warn", "error", "off"};

}  // namespace

void configure_log(std::string_view level, LogFormat format) {
  if (std::find(kLevels.begin(), kLevels.end(), level) == kLevels.end()) {
    throw std::runtime_error("unknown log level '" + std::string(level) + "': trace, debug, info, warn, error or off");
  }
  auto logger = std::make_shared<spdlog::logger>("stator", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  if (format == LogFormat::kJson) {
    formatter->add_flag<MembersFlag>('*');
    formatter->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%*})");
  } else {
    formatter->set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
  }
  logger->set_formatter(std::move(formatter));
  logger->set_level(spdlog::level::from_str(std::string(level)));
  spdlog::set_default_logger(std::move(logger));
}

void log_request(spdlog::logger& logger, LogFormat format, const RequestRecord& record) {
  if (!logger.should_log(spdlog::level::info)) return;
  if (format == LogFormat::kText) {
    logger.info("{} {} {} {} bytes {} us {}{}{}", record.method, record.operation.empty() ? "-" : record.operation,
                record.status, record.bytes, record.micros, record.request_id, record.trace.empty() ? "" : " ",
                record.trace);
    return;
  }
  std::string members = "\"method\":";
  core::append_json_string(record.method, members);
  members += ",\"operation\":";
  core::append_json_string(record.operation, members);
  fmt::format_to(std::back_inserter(members), R"(,"status":{},"bytes":{},"micros":{},"request_id":"{}")", record.status,
                 record.bytes, record.micros, record.request_id);
  if (!record.trace.empty()) {
    members += ",\"trace\":";
    core::append_json_string(record.trace, members);
  }
  logger.info("{}", members);
}

}  // namespace stator::server
