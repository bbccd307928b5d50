#pragma once

#include <filesystem>
#include <string>

#include "server/certificate.h"
#include "server/openssl.h"
#include "server/transport.h"

/// TLS 1.2 and 1.3, by OpenSSL.
namespace stator::server {

/// A server's certificate and key, and its TLS settings. Safe to use from several threads.
class TlsContext {
 public:
  /// Takes PEM files: the certificate with its chain, and the key without a password. Throws std::runtime_error with
  /// one line for the user if a file cannot be read or the key does not belong to the certificate.
  TlsContext(const std::filesystem::path& certificate, const std::filesystem::path& key);
  explicit TlsContext(const CertificateText& self_signed);

  /// SHA-256 of the certificate: "AB:CD:…".
  [[nodiscard]] std::string fingerprint() const;
  /// Whether the certificate should be replaced; see `server::ends_soon`.
  [[nodiscard]] bool ends_soon() const;
  [[nodiscard]] OpenSslPtr<SSL> new_session() const;

 private:
  TlsContext();
  void check_key(const std::string& source) const;

  OpenSslPtr<SSL_CTX> context_;
};

/// TLS over TCP. OpenSSL never sees the socket: bytes pass through two memory buffers of at most one record each.
class TlsTransport final : public Transport {
 public:
  TlsTransport(core::Descriptor socket, const TlsContext& context);

  Result read(char* into, std::size_t size) override;
  Result write(std::span<const iovec> pieces) override;
  [[nodiscard]] bool has_input() const override;
  [[nodiscard]] bool is_established() const override;
  void end_output() override;

 private:
  enum class Sent : std::uint8_t { kAll, kNotYet, kFailed };
  /// Sends OpenSSL's output to the socket.
  Sent flush();
  /// Reads from the socket into OpenSSL's input. kDone: OpenSSL has more input than before.
  Status feed();
  /// Answers, in plain text, a client that speaks HTTP without TLS.
  void answer_plain_http();

  OpenSslPtr<SSL> session_;
  BIO* received_;  // owned by the session
  BIO* to_send_;   // owned by the session
  bool began_ = false;
  bool ended_ = false;
  /// Bytes of a `write` that OpenSSL has accepted but whose records are not completely sent.
  std::size_t taken_ = 0;
  /// Bytes read from `to_send_` that the socket has not accepted yet.
  std::string unsent_;
};

}  // namespace stator::server
