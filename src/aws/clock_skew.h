#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/log_sink.h"
#include "http/client.h"

/// Correction for a wrong clock: a service refuses signatures whose time differs by five minutes from its own. Like the
/// SDKs, the client then signs by the Date of the service's reply.
namespace stator::aws {

/// The time with which requests to one service are signed. Safe to use from several threads.
class ServiceClock {
 public:
  /// `here` must outlive this object. `log` gets a line when the service's clock is found to differ.
  explicit ServiceClock(const core::Clock& here, std::string url = {}, core::LogSink log = {});

  [[nodiscard]] std::int64_t now_ms() const { return here_.now_ms() + ahead_ms_.load(); }

  /// To be called after an error of that type. Returns whether the service may have refused the request for the time of
  /// its signature. If so, later requests are signed with the service's time, so the same request may succeed.
  bool correct(std::string_view error_type, const http::Reply& reply, std::int64_t signed_at_ms);

 private:
  const core::Clock& here_;
  const std::string url_;
  const core::LogSink log_;
  /// How far the service's clock is ahead of `here_`; 0 until a difference matters.
  std::atomic<std::int64_t> ahead_ms_ = 0;
};

}  // namespace stator::aws
