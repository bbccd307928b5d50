#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace stator::http {

/// Whether the name of a host, in lower case, means this machine: localhost and names below it, 127.0.0.0/8, ::1.
bool is_loopback_host(std::string_view host);

/// An http or https URL in its parts.
struct Url {
  std::string scheme;      // "http" or "https"
  std::string host;        // lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;  // the scheme's default if the URL names none
  std::string path = "/";  // as written, without query

  /// The Host header, with the port only if it is not the scheme's default.
  [[nodiscard]] std::string host_header() const;
  [[nodiscard]] bool is_on_loopback() const { return is_loopback_host(host); }
};

/// A text that is not a URL. The message is one line for the user.
struct UrlError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws a UrlError that quotes `text` if it is not http(s), has no host, a bad port, user information, a query, or
/// characters that a URL cannot have.
Url parse_url(std::string_view text);

/// The scheme of a text that begins like an address: "gs" for "gs://bucket", "file" for "file:/x". Empty for a path, or
/// anything else.
std::string_view scheme_of(std::string_view text);

/// Percent-encodes everything but unreserved characters (RFC 3986) and those in `keep`.
std::string percent_encode(std::string_view text, std::string_view keep = "");
/// The same in the way of HTML forms: a blank becomes "+".
std::string form_encode(std::string_view text);
/// The reverse of both: "+" becomes a blank. A percent sign that does not begin an escape stands for itself.
std::string percent_decode(std::string_view text);

}  // namespace stator::http
