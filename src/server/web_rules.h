#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Rules that protect a database on a user's machine from web pages in the user's browser.
namespace stator::server {

/// Whether the text is an origin as browsers send it, "scheme://host" or "scheme://host:port", or "*".
bool is_origin_or_star(std::string_view text);

/// The host in "host:port", without port and brackets; nullopt if the text does not have that form (RFC 9110 7.2) or is
/// empty.
std::optional<std::string_view> host_name(std::string_view host);

/// Two rules. A page may call only if its origin is this machine or was allowed: browsers send the origin with all
/// requests that could do harm, so refusing those is enough, whatever the page's script may read. And a server that
/// only listens on loopback answers only requests whose Host is a name of this machine: a page whose name was made to
/// resolve to this machine (DNS rebinding) has the server's origin for the browser, but its own name as the host.
class WebRules {
 public:
  /// `allowed_origins`: in addition to this machine's; "*" allows all, "null" included.
  WebRules(std::vector<std::string> allowed_origins, bool on_loopback);

  [[nodiscard]] bool allows_origin(std::string_view origin) const;
  [[nodiscard]] bool allows_host(std::string_view host) const;

 private:
  std::vector<std::string> allowed_origins_;
  bool allows_any_origin_;
  bool on_loopback_;
};

}  // namespace stator::server
