#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/log_sink.h"
#include "http/client.h"

/// Clocks that are wrong: the service refuses signatures of a time that is five minutes from its own. As the SDKs do,
/// who signed then signs by the Date of its reply.
namespace stator::aws {

/// The time by which requests to one service are signed. Safe to use from several threads.
class ServiceClock {
 public:
  /// `here` must outlive it; `log` gets a line when the service's clock is found to be another.
  explicit ServiceClock(const core::Clock& here, std::string url = {}, core::LogSink log = {});

  [[nodiscard]] std::int64_t now_ms() const { return here_.now_ms() + ahead_ms_.load(); }

  /// After a refusal of that type: whether the service may have refused the request for the time that it was signed by.
  /// Those to come are then signed by the service's, so that the same request may succeed.
  bool correct(std::string_view error_type, const http::Reply& reply, std::int64_t signed_at_ms);

 private:
  const core::Clock& here_;
  const std::string url_;
  const core::LogSink log_;
  /// By how much the service's clock is ahead of `here_`, as far as that must be known.
  std::atomic<std::int64_t> ahead_ms_ = 0;
};

}  // namespace stator::aws
