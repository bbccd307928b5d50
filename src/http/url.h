#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace stator::http {

/// Whether a host, in lower case, is this machine by its name: localhost or below it, 127.0.0.0/8, ::1.
bool is_loopback_host(std::string_view host);

/// An http or https URL in its parts.
struct Url {
  std::string scheme;      // "http" or "https"
  std::string host;        // lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;  // the scheme's own where the URL names none
  std::string path = "/";  // as written, without query

  /// The Host header: with the port only where it is not the scheme's own.
  [[nodiscard]] std::string host_header() const;
  [[nodiscard]] bool is_on_loopback() const { return is_loopback_host(host); }
};

/// A text that is no URL. One line for the user.
struct UrlError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws UrlError, which quotes `text`: no http(s), no host, a bad port, user information, a query, or characters that
/// no URL holds.
Url parse_url(std::string_view text);

/// The scheme of a text that begins as an address does: "gs" of "gs://bucket", "file" of "file:/x". Empty where it is a
/// path, or anything else.
std::string_view scheme_of(std::string_view text);

/// Percent-encodes everything but unreserved characters (RFC 3986) and those in `keep`.
std::string percent_encode(std::string_view text, std::string_view keep = "");
/// The same as HTML forms do it: a blank becomes "+".
std::string form_encode(std::string_view text);
/// The reverse of both. A percent sign that begins no escape stands for itself.
std::string percent_decode(std::string_view text);

}  // namespace stator::http
