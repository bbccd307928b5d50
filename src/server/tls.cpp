#include "server/tls.h"

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace stator::server {
namespace {

constexpr std::size_t kRecordBytes = 16 * 1024;  // most payload of a TLS record
constexpr std::size_t kKeptBytes = 1024;         // a waiting connection frees larger buffers
constexpr char kHandshakeRecord = 0x16;          // first byte of every TLS connection
constexpr std::string_view kPlainHttpBody = "This port speaks TLS: use https:// instead of http://\n";

/// Passed to OpenSSL, which by default asks for a password on the terminal.
int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return 0; }

}  // namespace

TlsContext::TlsContext() : context_(OpenSsl::get().SSL_CTX_new(OpenSsl::get().TLS_server_method())) {
  const OpenSsl& ssl = OpenSsl::get();
  if (context_ == nullptr) throw std::runtime_error("cannot use TLS: " + ssl.last_error());
  SSL_CTX* const context = context_.get();
  ssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr);
  ssl.SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                       SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Idle connections have no buffers; sessions are resumed by tickets, so none are stored here.
  ssl.SSL_CTX_ctrl(context, SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER, nullptr);
  ssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, nullptr);
  ssl.SSL_CTX_set_default_passwd_cb(context, no_password);
}

TlsContext::TlsContext(const std::filesystem::path& certificate, const std::filesystem::path& key) : TlsContext() {
  const OpenSsl& ssl = OpenSsl::get();
  ssl.ERR_clear_error();
  if (ssl.SSL_CTX_use_certificate_chain_file(context_.get(), certificate.c_str()) != 1) {
    throw std::runtime_error("cannot use the certificate " + certificate.string() + ": " + ssl.last_error());
  }
  if (ssl.SSL_CTX_use_PrivateKey_file(context_.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw std::runtime_error("cannot use the key " + key.string() + ": " + ssl.last_error());
  }
  check_key(key.string());
}

TlsContext::TlsContext(const CertificateText& self_signed) : TlsContext() {
  const OpenSsl& ssl = OpenSsl::get();
  const OpenSslPtr<X509> certificate = parse_certificate(self_signed.certificate);
  const OpenSslPtr<EVP_PKEY> key = parse_key(self_signed.key);
  if (certificate == nullptr || key == nullptr || ssl.SSL_CTX_use_certificate(context_.get(), certificate.get()) != 1 ||
      ssl.SSL_CTX_use_PrivateKey(context_.get(), key.get()) != 1) {
    throw std::runtime_error("cannot use the certificate that was made: " + ssl.last_error());
  }
  check_key("the key that was made");
}

void TlsContext::check_key(const std::string& source) const {
  if (OpenSsl::get().SSL_CTX_check_private_key(context_.get()) == 1) return;
  throw std::runtime_error("cannot use the key " + source + ": it is not the certificate's");
}

std::string TlsContext::fingerprint() const {
  return certificate_fingerprint(*OpenSsl::get().SSL_CTX_get0_certificate(context_.get()));
}

bool TlsContext::ends_soon() const {
  return server::ends_soon(*OpenSsl::get().SSL_CTX_get0_certificate(context_.get()));
}

OpenSslPtr<SSL> TlsContext::new_session() const {
  OpenSslPtr<SSL> session(OpenSsl::get().SSL_new(context_.get()));
  if (session == nullptr) throw std::bad_alloc();
  return session;
}

TlsTransport::TlsTransport(core::Descriptor socket, const TlsContext& context)
    : Transport(std::move(socket)), session_(context.new_session()) {
  const OpenSsl& ssl = OpenSsl::get();
  OpenSslPtr<BIO> received(ssl.BIO_new(ssl.BIO_s_mem()));
  OpenSslPtr<BIO> to_send(ssl.BIO_new(ssl.BIO_s_mem()));
  if (received == nullptr || to_send == nullptr) throw std::bad_alloc();
  received_ = received.release();
  to_send_ = to_send.release();
  ssl.SSL_set_bio(session_.get(), received_, to_send_);
  ssl.SSL_set_accept_state(session_.get());
}

Transport::Result TlsTransport::read(char* into, std::size_t size) {
  const OpenSsl& ssl = OpenSsl::get();
  while (true) {
    ssl.ERR_clear_error();
    std::size_t count = 0;
    const int worked = ssl.SSL_read_ex(session_.get(), into, size, &count);
    const int error = worked == 1 ? SSL_ERROR_NONE : ssl.SSL_get_error(session_.get(), worked);
    // Reading may also produce output: handshakes and alerts.
    const Sent sent = flush();
    if (error == SSL_ERROR_NONE) return {Status::kDone, count};
    if (error == SSL_ERROR_ZERO_RETURN) return {Status::kEnd};
    if (error != SSL_ERROR_WANT_READ || sent == Sent::kFailed) return {Status::kFailed};
    if (sent == Sent::kNotYet) return {Status::kWaitWritable};
    const Status fed = feed();
    if (fed != Status::kDone) return {fed};
  }
}

Transport::Status TlsTransport::feed() {
  std::array<char, kRecordBytes> block;
  const ssize_t received = receive(block.data(), block.size());
  if (received == 0) return Status::kEnd;
  if (received < 0) return would_block() ? Status::kWaitReadable : Status::kFailed;
  if (!began_ && block[0] != kHandshakeRecord) {
    answer_plain_http();
    return Status::kEnd;
  }
  began_ = true;
  OpenSsl::get().BIO_write(received_, block.data(), static_cast<int>(received));
  return Status::kDone;
}

void TlsTransport::answer_plain_http() {
  std::string reply = "HTTP/1.1 400 Bad Request\r\nServer: Stator\r\nConnection: close\r\nContent-Type: text/plain\r\n";
  reply += "Content-Length: " + std::to_string(kPlainHttpBody.size()) + "\r\n\r\n";
  reply += kPlainHttpBody;
  const iovec piece{reply.data(), reply.size()};
  [[maybe_unused]] const ssize_t sent = send({&piece, 1});
  shut_down_output();
  ended_ = true;
}

TlsTransport::Sent TlsTransport::flush() {
  const OpenSsl& ssl = OpenSsl::get();
  while (true) {
    if (unsent_.empty()) {
      const std::size_t waiting = ssl.BIO_ctrl_pending(to_send_);
      if (waiting == 0) {
        if (unsent_.capacity() > kKeptBytes) std::string().swap(unsent_);
        return Sent::kAll;
      }
      unsent_.resize(std::min<std::size_t>(waiting, 2 * kRecordBytes));
      const int count = ssl.BIO_read(to_send_, unsent_.data(), static_cast<int>(unsent_.size()));
      unsent_.resize(static_cast<std::size_t>(std::max(count, 0)));
    }
    const iovec piece{unsent_.data(), unsent_.size()};
    const ssize_t sent = send({&piece, 1});
    if (sent < 0) return would_block() ? Sent::kNotYet : Sent::kFailed;
    unsent_.erase(0, static_cast<std::size_t>(sent));
  }
}

Transport::Result TlsTransport::write(std::span<const iovec> pieces) {
  const OpenSsl& ssl = OpenSsl::get();
  if (taken_ == 0) {
    // Combines small pieces (a reply's head and body) into one record.
    std::array<char, kRecordBytes> block;
    std::size_t size = 0;
    for (const iovec& piece : pieces) {
      const std::size_t part = std::min(piece.iov_len, block.size() - size);
      std::memcpy(block.data() + size, piece.iov_base, part);
      size += part;
      if (size == block.size()) break;
    }
    ssl.ERR_clear_error();
    if (ssl.SSL_write_ex(session_.get(), block.data(), size, &taken_) != 1) return {Status::kFailed};
  }
  switch (flush()) {
    case Sent::kAll:
      return {Status::kDone, std::exchange(taken_, 0)};
    case Sent::kNotYet:
      return {Status::kWaitWritable};
    case Sent::kFailed:
      break;
  }
  return {Status::kFailed};
}

bool TlsTransport::has_input() const {
  return readable() || OpenSsl::get().SSL_pending(session_.get()) > 0 || OpenSsl::get().BIO_ctrl_pending(received_) > 0;
}

bool TlsTransport::is_established() const { return OpenSsl::get().SSL_is_init_finished(session_.get()) == 1; }

void TlsTransport::end_output() {
  if (!std::exchange(ended_, true) && is_established()) {
    OpenSsl::get().SSL_shutdown(session_.get());
    OpenSsl::get().ERR_clear_error();
    flush();
  }
  shut_down_output();
}

}  // namespace stator::server
