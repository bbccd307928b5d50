#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace stator::server {

/// The head of an HTTP request: views into the bytes that it was read from.
struct RequestHead {
  std::string_view method;
  /// "/" or "/path?query".
  std::string_view target;
  /// All header lines, each with its CRLF (for signatures).
  std::string_view fields;
  bool http_1_0 = false;

  /// Host and port of a target in absolute form, as sent to proxies ("http://host:port/path"); else empty.
  std::string_view authority;

  // The fields that are used; empty if absent. If a field is repeated, the first one counts.
  std::string_view host;  // required once, except with HTTP/1.0
  std::string_view content_type;
  std::string_view content_encoding;
  std::string_view accept_encoding;
  std::string_view amz_target;
  std::string_view amz_date;
  std::string_view date;
  std::string_view trace;  // X-Amzn-Trace-Id
  std::string_view authorization;
  std::string_view origin;
  std::string_view access_control_request_headers;
  std::string_view access_control_request_method;

  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool expect_continue = false;
  bool keep_alive = true;
  /// Size of the head, including the empty line.
  std::size_t size_bytes = 0;

  [[nodiscard]] std::string_view path() const { return target.substr(0, target.find('?')); }
  /// Without the question mark.
  [[nodiscard]] std::string_view query() const {
    const std::size_t mark = target.find('?');
    return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  }
};

enum class HeadStatus : std::uint8_t {
  kIncomplete,
  kComplete,
  kMalformed,            // 400
  kTooLarge,             // 400, as the service answers over 16 KB
  kVersionNotSupported,  // 505
  kExpectationFailed,    // 417
  kNotImplemented,       // 501: a transfer coding other than chunked
};

/// Reads a head from the front of `bytes` (RFC 9112). Strict wherever two parsers could disagree on where a request
/// ends: no bare LF, no folded lines, no space before the colon, no Content-Length beside Transfer-Encoding, exactly
/// one Host.
HeadStatus parse_head(std::string_view bytes, std::size_t max_bytes, RequestHead& head);

/// The text without spaces and tabs at both ends.
std::string_view trimmed(std::string_view text);

}  // namespace stator::server
