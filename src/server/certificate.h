#pragma once

#include <filesystem>
#include <string>

#include "server/openssl.h"

/// Certificates that the server makes itself.
namespace stator::server {

/// A certificate and its private key, as PEM texts.
struct CertificateText {
  std::string certificate;
  std::string key;
};

/// The longest validity that strict clients accept.
inline constexpr long kMaxValidDays = 825;

/// Makes a key (EC P-256) and a self-signed certificate for localhost, 127.0.0.1, ::1 and the machine's name, valid for
/// `valid_days` from now. Throws std::runtime_error.
CertificateText make_self_signed_certificate(long valid_days = kMaxValidDays - 1);

/// Returns the certificate in DIRECTORY/tls/cert.pem and key.pem. Creates both, private to their owner, if they are
/// missing, do not belong together, or expire soon. Throws std::runtime_error with one line for the user.
CertificateText keep_self_signed_certificate(const std::filesystem::path& directory);

/// Return null if the text is not a certificate, or not a key.
OpenSslPtr<X509> parse_certificate(const std::string& text);
OpenSslPtr<EVP_PKEY> parse_key(const std::string& text);

/// Whether the certificate expires within 30 days, which is when the server replaces one that it made.
bool ends_soon(const X509& certificate);

/// The SHA-256 of the certificate as "AB:CD:…", the form that other tools show.
std::string certificate_fingerprint(const X509& certificate);

}  // namespace stator::server
