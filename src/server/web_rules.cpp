#include "server/web_rules.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "core/ascii.h"
#include "server/request_head.h"

namespace stator::server {
namespace {

constexpr std::size_t kMaxHostBytes = 255;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// RFC 3986 "reg-name": a name, or an IPv4 address.
bool is_registered_name(std::string_view text) {
  constexpr std::string_view kOthers = "-._~!$&'()*+,;=%";
  return std::ranges::all_of(
      text, [&](char c) { return is_letter(c) || is_digit(c) || kOthers.find(c) != std::string_view::npos; });
}

bool is_v6(std::string_view text) {
  boost::system::error_code error;
  boost::asio::ip::make_address_v6(std::string(text), error);
  return !error;
}

std::string_view without_final_dot(std::string_view name) {
  return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
}

bool is_localhost(std::string_view name) {
  constexpr std::string_view kLocalhost = "localhost";
  name = without_final_dot(name);
  if (name.size() < kLocalhost.size()) return false;
  if (!core::equals_ignoring_case(name.substr(name.size() - kLocalhost.size()), kLocalhost)) return false;
  return name.size() == kLocalhost.size() || name[name.size() - kLocalhost.size() - 1] == '.';
}

bool is_loopback_address(std::string_view name) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string(name), error);
  return !error && address.is_loopback();
}

/// Splits "http://localhost:3000" into "http" and "localhost:3000".
std::optional<std::pair<std::string_view, std::string_view>> scheme_and_host(std::string_view origin) {
  constexpr std::string_view kMark = "://";
  const std::size_t mark = origin.find(kMark);
  if (mark == std::string_view::npos || mark == 0) return std::nullopt;
  const std::string_view scheme = origin.substr(0, mark);
  if (!std::ranges::all_of(scheme,
                           [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; })) {
    return std::nullopt;
  }
  return std::pair(scheme, origin.substr(mark + kMark.size()));
}

}  // namespace

std::optional<std::string_view> host_name(std::string_view host) {
  if (host.size() > kMaxHostBytes) return std::nullopt;
  std::string_view name;
  std::string_view rest;
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    name = host.substr(1, end - 1);
    rest = host.substr(end + 1);
    if (!is_v6(name)) return std::nullopt;
  } else {
    const std::size_t colon = host.find(':');
    name = host.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view() : host.substr(colon);
    if (name.empty() || !is_registered_name(name)) return std::nullopt;
  }
  if (!rest.empty() && (rest.front() != ':' || !std::ranges::all_of(rest.substr(1), is_digit))) return std::nullopt;
  return name;
}

bool is_origin_or_star(std::string_view text) {
  if (text == "*") return true;
  const auto parts = scheme_and_host(text);
  return parts && host_name(parts->second);
}

WebRules::WebRules(std::vector<std::string> allowed_origins, bool on_loopback)
    : allowed_origins_(std::move(allowed_origins)),
      allows_any_origin_(std::ranges::find(allowed_origins_, "*") != allowed_origins_.end()),
      on_loopback_(on_loopback) {}

bool WebRules::allows_origin(std::string_view origin) const {
  if (allows_any_origin_) return true;
  if (std::ranges::any_of(allowed_origins_,
                          [&](const std::string& one) { return core::equals_ignoring_case(one, origin); })) {
    return true;
  }
  const auto parts = scheme_and_host(origin);
  if (!parts) return false;
  if (!core::equals_ignoring_case(parts->first, "http") && !core::equals_ignoring_case(parts->first, "https"))
    return false;
  const auto name = host_name(parts->second);
  return name && (is_localhost(*name) || is_loopback_address(*name));
}

bool WebRules::allows_host(std::string_view host) const {
  if (!on_loopback_) return true;
  if (host.starts_with('[')) return true;
  const auto found = host_name(host);
  if (!found) return false;
  const std::string_view name = without_final_dot(*found);
  const std::size_t dot = name.rfind('.');
  // A name without a dot belongs to the local network: a container or machine.
  if (dot == std::string_view::npos || is_localhost(name)) return true;
  // No name in the DNS ends in a number; "127.1" is an address too.
  const std::string_view last = name.substr(dot + 1);
  return !last.empty() && std::ranges::all_of(last, is_digit);
}

}  // namespace stator::server
