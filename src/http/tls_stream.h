#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace stator::http {

/// A TLS connection for a protocol other than HTTP, made by libcurl. For one thread at a time. All functions throw
/// TransportError (http/client.h).
class TlsStream {
 public:
  /// Connects and verifies the certificate, which must name `host` and be issued by an authority in the file
  /// `authorities` (PEM) or, if that is empty, by one of the system's.
  TlsStream(const std::string& host, std::uint16_t port, const std::string& authorities,
            std::chrono::milliseconds timeout);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  /// Sends all bytes, within `timeout`.
  void send(std::string_view bytes, std::chrono::milliseconds timeout);
  /// Returns the bytes that have arrived, or that arrive within `timeout`; empty if there are none.
  std::string receive(std::chrono::milliseconds timeout);

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace stator::http
