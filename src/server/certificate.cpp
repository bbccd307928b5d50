#include "server/certificate.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "aws/private_file.h"
#include "core/hexadecimal.h"

namespace stator::server {
namespace {

constexpr long kSecondsPerDay = 24L * 60 * 60;
constexpr long kRenewDays = 30;
constexpr std::size_t kMaxPemBytes = 64 * 1024;

void require(bool worked, const char* what) {
  if (!worked)
    throw std::runtime_error(std::string("cannot make a certificate: ") + what + ": " + OpenSsl::get().last_error());
}

/// The machine's name; empty if a certificate cannot contain it.
std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return {};
  const std::string text = name.data();
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
  return plain && text != "localhost" ? text : "";
}

void add_extension(X509& certificate, int kind, const std::string& value) {
  const OpenSsl& ssl = OpenSsl::get();
  const OpenSslPtr<X509_EXTENSION> extension(ssl.X509V3_EXT_nconf_nid(nullptr, nullptr, kind, value.c_str()));
  require(extension != nullptr && ssl.X509_add_ext(&certificate, extension.get(), -1) == 1, "extension");
}

std::string text_of(BIO& bio) {
  std::string text(OpenSsl::get().BIO_ctrl_pending(&bio), '\0');
  const int size = OpenSsl::get().BIO_read(&bio, text.data(), static_cast<int>(text.size()));
  text.resize(static_cast<std::size_t>(std::max(size, 0)));
  return text;
}

/// Passed to OpenSSL, which by default asks for a password on the terminal.
int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return 0; }

OpenSslPtr<BIO> bio_of(const std::string& text) {
  const OpenSsl& ssl = OpenSsl::get();
  OpenSslPtr<BIO> bio(ssl.BIO_new(ssl.BIO_s_mem()));
  ssl.BIO_write(bio.get(), text.data(), static_cast<int>(text.size()));
  return bio;
}

/// False for two files that do not match: a process that ended between writing the two leaves such a pair.
bool is_pair(X509& certificate, EVP_PKEY* key) {
  return key != nullptr && OpenSsl::get().X509_check_private_key(&certificate, key) == 1;
}

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  return text.size() <= kMaxPemBytes ? text : std::string();
}

}  // namespace

OpenSslPtr<X509> parse_certificate(const std::string& text) {
  OpenSslPtr<X509> certificate(OpenSsl::get().PEM_read_bio_X509(bio_of(text).get(), nullptr, no_password, nullptr));
  OpenSsl::get().ERR_clear_error();
  return certificate;
}

OpenSslPtr<EVP_PKEY> parse_key(const std::string& text) {
  OpenSslPtr<EVP_PKEY> key(OpenSsl::get().PEM_read_bio_PrivateKey(bio_of(text).get(), nullptr, no_password, nullptr));
  OpenSsl::get().ERR_clear_error();
  return key;
}

CertificateText make_self_signed_certificate(long valid_days) {
  const OpenSsl& ssl = OpenSsl::get();
  const OpenSslPtr<EVP_PKEY> key(ssl.EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const OpenSslPtr<X509> certificate(ssl.X509_new());
  require(key != nullptr && certificate != nullptr, "key");
  std::uint64_t serial = 0;
  require(ssl.RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "random number");
  require(ssl.X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
              ssl.ASN1_INTEGER_set_uint64(ssl.X509_get_serialNumber(certificate.get()), serial >> 1) == 1 &&
              ssl.X509_gmtime_adj(ssl.X509_getm_notBefore(certificate.get()), -kSecondsPerDay) != nullptr &&
              ssl.X509_gmtime_adj(ssl.X509_getm_notAfter(certificate.get()), valid_days * kSecondsPerDay) != nullptr &&
              ssl.X509_set_pubkey(certificate.get(), key.get()) == 1,
          "certificate");
  const std::string host = host_name();
  X509_NAME* const subject = ssl.X509_get_subject_name(certificate.get());
  require(ssl.X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("Stator"),
                                         -1, -1, 0) == 1 &&
              ssl.X509_set_issuer_name(certificate.get(), subject) == 1,
          "name");
  add_extension(*certificate, NID_subject_alt_name,
                "DNS:localhost,IP:127.0.0.1,IP:::1" + (host.empty() ? std::string() : ",DNS:" + host));
  // Not a certificate authority: rustls refuses one as a server's own certificate, and no client needs it to be one.
  add_extension(*certificate, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(*certificate, NID_key_usage, "critical,digitalSignature");
  add_extension(*certificate, NID_ext_key_usage, "serverAuth");
  require(ssl.X509_sign(certificate.get(), key.get(), ssl.EVP_sha256()) > 0, "signature");

  const OpenSslPtr<BIO> certificate_bio(ssl.BIO_new(ssl.BIO_s_mem()));
  const OpenSslPtr<BIO> key_bio(ssl.BIO_new(ssl.BIO_s_mem()));
  require(ssl.PEM_write_bio_X509(certificate_bio.get(), certificate.get()) == 1 &&
              ssl.PEM_write_bio_PrivateKey(key_bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
          "text");
  return {text_of(*certificate_bio), text_of(*key_bio)};
}

CertificateText keep_self_signed_certificate(const std::filesystem::path& directory) {
  const std::filesystem::path folder = directory / "tls";
  const std::filesystem::path certificate_file = folder / "cert.pem";
  const std::filesystem::path key_file = folder / "key.pem";
  CertificateText kept{read_text(certificate_file), read_text(key_file)};
  if (!kept.certificate.empty() && !kept.key.empty()) {
    const OpenSslPtr<X509> certificate = parse_certificate(kept.certificate);
    const OpenSslPtr<EVP_PKEY> key = parse_key(kept.key);
    if (certificate != nullptr && is_pair(*certificate, key.get()) && !ends_soon(*certificate)) return kept;
  }
  if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    throw std::runtime_error("cannot make " + folder.string());
  }
  CertificateText made = make_self_signed_certificate();
  aws::write_private_file(key_file, made.key);
  aws::write_private_file(certificate_file, made.certificate);
  return made;
}

bool ends_soon(const X509& certificate) {
  std::time_t soon = std::time(nullptr) + kRenewDays * kSecondsPerDay;
  const OpenSsl& ssl = OpenSsl::get();
  return ssl.X509_cmp_time(ssl.X509_get0_notAfter(&certificate), &soon) <= 0;
}

std::string certificate_fingerprint(const X509& certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const OpenSsl& ssl = OpenSsl::get();
  require(ssl.X509_digest(&certificate, ssl.EVP_sha256(), digest.data(), &size) == 1, "fingerprint");
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    if (i > 0) text += ':';
    core::append_hexadecimal_byte(static_cast<char>(digest[i]), text, core::kHexadecimalCapitals);
  }
  return text;
}

}  // namespace stator::server
