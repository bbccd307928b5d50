#pragma once

#include <filesystem>
#include <string>

#include "server/openssl.h"

/// Certificates that the server makes for itself.
namespace stator::server {

/// A certificate and its private key, as PEM texts.
struct CertificateText {
  std::string certificate;
  std::string key;
};

/// The most that strict clients accept.
inline constexpr long kMaxValidDays = 825;

/// A new key (EC P-256) and a certificate that it signs itself, for localhost, 127.0.0.1, ::1 and the machine's name,
/// valid until so many days from now. Throws std::runtime_error.
CertificateText make_self_signed_certificate(long valid_days = kMaxValidDays - 1);

/// The certificate in DIRECTORY/tls/cert.pem and key.pem. Creates both, private to their owner, where they are missing,
/// do not belong together, or end soon. Throws std::runtime_error with one line for the user.
CertificateText keep_self_signed_certificate(const std::filesystem::path& directory);

/// Null where the text is not a certificate, or not a key.
OpenSslPtr<X509> parse_certificate(const std::string& text);
OpenSslPtr<EVP_PKEY> parse_key(const std::string& text);

/// Whether it ends within 30 days, which is when one that the server made is made anew.
bool ends_soon(const X509& certificate);

/// "AB:CD:…" of the SHA-256 of the certificate, as other tools show it.
std::string certificate_fingerprint(const X509& certificate);

}  // namespace stator::server
