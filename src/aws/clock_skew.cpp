#include "aws/clock_skew.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <utility>

namespace stator::aws {
namespace {

/// A little less than the service tolerates.
constexpr std::int64_t kLeastSkewMs = std::int64_t{4} * 60 * 1000;

/// The time in an HTTP date ("Mon, 20 Mar 2023 10:00:00 GMT", RFC 9110 5.6.7); nullopt for anything else.
std::optional<std::int64_t> parse_http_date_ms(const std::string& text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  std::tm parts{};
  char month[4] = {};
  int length = 0;
  if (std::sscanf(text.c_str(), "%*3s, %2d %3s %4d %2d:%2d:%2d GMT%n", &parts.tm_mday, month, &parts.tm_year,
                  &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &length) != 6 ||
      length == 0) {
    return std::nullopt;
  }
  const std::size_t at = kMonths.find(month);
  if (at == std::string_view::npos || at % 3 != 0) return std::nullopt;
  parts.tm_mon = static_cast<int>(at / 3);
  parts.tm_year -= 1900;
  return static_cast<std::int64_t>(::timegm(&parts)) * 1000;
}

/// Whether an error of this type may be due to the time of the signature.
bool may_be_of_the_clock(std::string_view error_type) {
  static constexpr std::array<std::string_view, 5> kTypes = {"InvalidSignatureException", "RequestExpired",
                                                             "RequestInTheFuture", "RequestTimeTooSkewed",
                                                             "SignatureDoesNotMatch"};
  return std::ranges::find(kTypes, error_type) != kTypes.end();
}

}  // namespace

ServiceClock::ServiceClock(const core::Clock& here, std::string url, core::LogSink log)
    : here_(here), url_(std::move(url)), log_(std::move(log)) {}

bool ServiceClock::correct(std::string_view error_type, const http::Reply& reply, std::int64_t signed_at_ms) {
  const std::string* const date = reply.field("date");
  if (!may_be_of_the_clock(error_type) || date == nullptr) return false;
  const auto there_ms = parse_http_date_ms(*date);
  if (!there_ms || std::abs(*there_ms - signed_at_ms) < kLeastSkewMs) return false;
  const std::int64_t ahead_ms = *there_ms - here_.now_ms();
  const std::int64_t before_ms = ahead_ms_.exchange(ahead_ms);
  if (std::abs(ahead_ms - before_ms) < kLeastSkewMs) return true;  // another request has found this out
  const std::int64_t seconds = std::abs(ahead_ms) / 1000;
  const std::string apart =
      seconds < 2 ? "no longer another than" : std::to_string(seconds) + " s " + (ahead_ms > 0 ? "behind" : "ahead of");
  core::log(log_, core::LogLevel::kWarning,
            "this machine's clock is " + apart + " that of " + url_ + ", by which requests are signed");
  return true;
}

}  // namespace stator::aws
