#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Outgoing HTTP, on libcurl.
namespace stator::http {

/// Field names and values, in the order they are sent.
using Fields = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method = "GET";
  std::string url;
  /// Sent in this order, after Host and before Content-Length; nothing else is added.
  Fields fields;
  std::string_view body;
  std::uint32_t connect_timeout_ms = 5'000;
  /// From the start to the last byte of the reply.
  std::uint32_t timeout_ms = 60'000;
  /// Use the proxies of the environment (https_proxy, no_proxy, …). False for what is local whatever its address. No
  /// request to localhost or a loopback address goes through a proxy, to which that would be another machine.
  bool use_proxy = true;
  /// A file of the authorities to trust; empty: that of AWS_CA_BUNDLE, else the system's.
  std::string authorities;
  std::size_t max_reply_bytes = std::size_t{64} * 1024 * 1024;
};

struct Reply {
  int status = 0;
  /// Names in lower case.
  Fields fields;
  std::string body;
  /// The field's value, or null. `name` in lower case.
  [[nodiscard]] const std::string* field(std::string_view name) const;
};

/// No reply came. `what()` is one line: "cannot reach URL: cause".
struct TransportError : std::runtime_error {
  enum class Kind : std::uint8_t {
    kConnect,  // nothing was sent: name unknown, connection refused, no answer to the connect
    kCut,      // sent, wholly or in part: connection lost, timeout
    kFatal     // trying again does not help: certificate refused, reply over the limit
  };
  TransportError(Kind what_kind, const std::string& text) : std::runtime_error(text), kind(what_kind) {}
  Kind kind;
};

/// Sends requests over kept connections. Safe to use from several threads at once. Certificates are verified; redirects
/// are not followed; HTTP/1.1; compressed replies are not asked for.
class Client {
 public:
  Client();
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Any status is a reply. Throws TransportError, or std::runtime_error for an invalid URL.
  Reply send(const Request& request);

 private:
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace stator::http
