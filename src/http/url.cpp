#include "http/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>

#include "core/ascii.h"
#include "core/hexadecimal.h"

namespace stator::http {

namespace {

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw UrlError("not a usable URL: \"" + std::string(text) + "\": " + std::string(why));
}

constexpr std::string_view kHostCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";

std::uint16_t parse_port(std::string_view digits, std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0) refuse(text, "bad port number");
  return port;
}

}  // namespace

std::string Url::host_header() const {
  std::string header = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (scheme == "https" ? 443 : 80)) header += ":" + std::to_string(port);
  return header;
}

bool is_loopback_host(std::string_view host) {
  const std::string address(host);
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  in_addr v4{};
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

Url parse_url(std::string_view text) {
  if (text.size() > 2048) throw UrlError("not a usable URL: longer than 2048 characters");
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= ' ' || c >= 0x7f; })) {
    refuse(text, "it holds blanks, control characters or letters beyond ASCII");
  }
  const std::size_t colon = text.find("://");
  Url url;
  if (colon != std::string_view::npos) url.scheme = text.substr(0, colon);
  std::transform(url.scheme.begin(), url.scheme.end(), url.scheme.begin(), core::lower);
  if (url.scheme != "http" && url.scheme != "https") refuse(text, "it must begin with http:// or https://");

  std::string_view rest = text.substr(colon + 3);
  const std::size_t authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, authority_end);
  rest.remove_prefix(authority_end);
  if (rest.find_first_of("?#") != std::string_view::npos) refuse(text, "it must not have a query");
  if (!rest.empty()) url.path = rest;
  if (authority.find('@') != std::string_view::npos) throw UrlError("a URL must not hold a user or password");

  url.port = url.scheme == "https" ? 443 : 80;
  std::string_view after_host;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) refuse(text, "the bracket is not closed");
    url.host = authority.substr(1, close - 1);
    after_host = authority.substr(close + 1);
  } else {
    const std::size_t host_end = std::min(authority.find(':'), authority.size());
    url.host = authority.substr(0, host_end);
    after_host = authority.substr(host_end);
    // libcurl would decode `dynamodb%2Eeu-west-3…` to another host than the one that callers check.
    if (url.host.find_first_not_of(kHostCharacters) != std::string::npos)
      refuse(text, "its host's name has characters that no name has");
  }
  if (url.host.empty()) refuse(text, "it names no host");
  std::transform(url.host.begin(), url.host.end(), url.host.begin(), core::lower);
  if (!after_host.empty()) {
    if (after_host.front() != ':') refuse(text, "bad port number");
    if (after_host.size() > 1) url.port = parse_port(after_host.substr(1), text);
  }
  return url;
}

std::string_view scheme_of(std::string_view text) {
  const std::string_view scheme = text.substr(0, text.find(":/"));
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const bool is_scheme = scheme.size() < text.size() && !scheme.empty() && is_letter(scheme.front()) &&
                         std::ranges::all_of(scheme, [&](char c) {
                           return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
                         });
  return is_scheme ? scheme : std::string_view();
}

std::string percent_encode(std::string_view text, std::string_view keep) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                            c == '.' || c == '_' || c == '~';
    if (unreserved || keep.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      core::append_hexadecimal_byte(c, out, core::kHexadecimalCapitals);
    }
  }
  return out;
}

std::string form_encode(std::string_view text) {
  std::string out = percent_encode(text, " ");
  std::replace(out.begin(), out.end(), ' ', '+');
  return out;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool has_two_more = text[at] == '%' && at + 2 < text.size();
    const int high = has_two_more ? core::hexadecimal_value(text[at + 1]) : -1;
    const int low = has_two_more ? core::hexadecimal_value(text[at + 2]) : -1;
    if (high >= 0 && low >= 0) {
      out += static_cast<char>(high * 16 + low);
      at += 2;
    } else {
      out += text[at] == '+' ? ' ' : text[at];
    }
  }
  return out;
}

}  // namespace stator::http
