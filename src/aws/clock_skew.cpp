#include "aws/clock_skew.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

namespace stator::aws {
namespace {

/// A little less than what the service allows.
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

/// Whether the service may have refused the request for its time.
bool may_be_of_the_clock(const core::ApiError& error) {
  static constexpr std::array<std::string_view, 5> kTypes = {"InvalidSignatureException", "RequestExpired",
                                                             "RequestInTheFuture", "RequestTimeTooSkewed",
                                                             "SignatureDoesNotMatch"};
  return std::ranges::find(kTypes, error.type.name()) != kTypes.end();
}

}  // namespace

std::optional<std::int64_t> service_time_ms(const core::ApiError& error, const http::Reply& reply,
                                            std::int64_t signed_at_ms) {
  const std::string* const date = reply.field("date");
  if (!may_be_of_the_clock(error) || date == nullptr) return std::nullopt;
  const auto there_ms = parse_http_date_ms(*date);
  if (!there_ms || std::abs(*there_ms - signed_at_ms) < kLeastSkewMs) return std::nullopt;
  return there_ms;
}

}  // namespace stator::aws
