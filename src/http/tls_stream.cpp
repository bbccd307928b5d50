#include "http/tls_stream.h"

#include <poll.h>

#include <array>

#include "http/client.h"
#include "http/curl_library.h"

namespace stator::http {

struct TlsStream::Connection {
  explicit Connection(std::string where) : name(std::move(where)), handle(curl.easy_init()) {
    if (handle == nullptr) throw std::bad_alloc();
  }
  ~Connection() { curl.easy_cleanup(handle); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  template <class Value>
  void set(CURLoption option, Value value) const {
    if (curl.set_option(handle, option, value) == CURLE_OK) return;
    throw std::runtime_error("libcurl refuses option " + std::to_string(static_cast<int>(option)));
  }
  /// False if the socket is not ready by `deadline`.
  [[nodiscard]] bool wait(short events, std::chrono::steady_clock::time_point deadline) const {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready{.fd = static_cast<int>(socket), .events = events, .revents = 0};
    return left.count() > 0 && ::poll(&ready, 1, static_cast<int>(left.count())) > 0;
  }
  [[noreturn]] void fail(TransportError::Kind kind, const std::string& why) const {
    throw TransportError(kind, name + ": " + why);
  }

  const CurlLibrary& curl = CurlLibrary::get();
  const std::string name;
  CURL* const handle;
  curl_socket_t socket = CURL_SOCKET_BAD;
};

TlsStream::TlsStream(const std::string& host, std::uint16_t port, const std::string& authorities,
                     std::chrono::milliseconds timeout) {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  const std::string name = (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
  connection_ = std::make_unique<Connection>(name);
  const std::string url = "https://" + name;
  std::array<char, CURL_ERROR_SIZE> error_text{};
  const Connection& connection = *connection_;
  connection.set(CURLOPT_URL, url.c_str());
  connection.set(CURLOPT_CONNECT_ONLY, 1L);
  connection.set(CURLOPT_NOPROXY, "*");
  connection.set(CURLOPT_NOSIGNAL, 1L);
  connection.set(CURLOPT_TCP_KEEPALIVE, 1L);
  connection.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeout.count()));
  connection.set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  connection.set(CURLOPT_SSL_VERIFYPEER, 1L);
  connection.set(CURLOPT_SSL_VERIFYHOST, 2L);
  connection.set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  connection.set(CURLOPT_SSL_ENABLE_ALPN, 0L);
  if (!authorities.empty()) connection.set(CURLOPT_CAINFO, authorities.c_str());
  connection.set(CURLOPT_ERRORBUFFER, error_text.data());
  const CURLcode code = connection.curl.perform(connection.handle);
  connection.curl.set_option(connection.handle, CURLOPT_ERRORBUFFER, nullptr);
  if (code != CURLE_OK) {
    connection.fail(code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE
                        ? TransportError::Kind::kFatal
                        : TransportError::Kind::kConnect,
                    error_text[0] != '\0' ? error_text.data() : connection.curl.error_text(code));
  }
  connection.curl.get_info(connection.handle, CURLINFO_ACTIVESOCKET, &connection_->socket);
  if (connection.socket == CURL_SOCKET_BAD) connection.fail(TransportError::Kind::kConnect, "no connection");
}

TlsStream::~TlsStream() = default;

void TlsStream::send(std::string_view bytes, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!bytes.empty()) {
    std::size_t sent = 0;
    const CURLcode code = connection_->curl.easy_send(connection_->handle, bytes.data(), bytes.size(), &sent);
    bytes.remove_prefix(sent);
    if (code == CURLE_OK) continue;
    if (code != CURLE_AGAIN) connection_->fail(TransportError::Kind::kCut, connection_->curl.error_text(code));
    if (!connection_->wait(POLLOUT, deadline)) {
      connection_->fail(TransportError::Kind::kCut, "what is sent is not taken");
    }
  }
}

std::string TlsStream::receive(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::string bytes(16 << 10, '\0');
  while (true) {
    std::size_t received = 0;
    // Before waiting: bytes that TLS has already read do not make the socket readable.
    const CURLcode code = connection_->curl.easy_receive(connection_->handle, bytes.data(), bytes.size(), &received);
    if (code == CURLE_OK && received > 0) {
      bytes.resize(received);
      return bytes;
    }
    if (code == CURLE_OK) connection_->fail(TransportError::Kind::kCut, "the connection was closed");
    if (code != CURLE_AGAIN) connection_->fail(TransportError::Kind::kCut, connection_->curl.error_text(code));
    if (!connection_->wait(POLLIN, deadline)) return {};
  }
}

}  // namespace stator::http
