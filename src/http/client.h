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
  /// From the start of the request to the last byte of the reply.
  std::uint32_t timeout_ms = 60'000;
  /// Use the proxies in the environment (https_proxy, no_proxy, …). To be false for services that are local whatever
  /// their address is. Requests to localhost or a loopback address never use a proxy, to which that would be another
  /// machine.
  bool use_proxy = true;
  /// The file with the certificate authorities to trust; empty: that of AWS_CA_BUNDLE, else the system's.
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
    kCut,      // all or part was sent: connection lost, timeout
    kFatal     // trying again does not help: certificate refused, reply over the limit
  };
  TransportError(Kind what_kind, const std::string& text) : std::runtime_error(text), kind(what_kind) {}
  Kind kind;
};

/// Sends HTTP/1.1 requests over persistent connections. Safe to use from several threads at once. Verifies
/// certificates, does not follow redirects, and does not ask for compressed replies.
class Client {
 public:
  Client();
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Returns the reply, whatever its status is. Throws TransportError, and std::runtime_error for an invalid URL.
  Reply send(const Request& request);

 private:
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace stator::http
