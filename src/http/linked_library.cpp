// Replaces shared_library.cpp in the program that is one file: the libraries are linked in. A program without a dynamic
// linker cannot load the system's libraries, which need the system's glibc.
#include <curl/curl.h>
#include <libpq-fe.h>
#include <netdb.h>
#include <nss.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "http/shared_library.h"

namespace stator::http {
namespace {

struct Function {
  std::string_view name;
  void* address;
};
using Functions = std::vector<Function>;

template <typename Pointer>
void* address(Pointer function) {
  return reinterpret_cast<void*>(function);
}

/// The functions that the program looks up, by library.
const std::map<std::string_view, Functions>& libraries() {
  static const Functions kSsl = {
      {"TLS_server_method", address(&::TLS_server_method)},
      {"SSL_CTX_new", address(&::SSL_CTX_new)},
      {"SSL_CTX_free", address(&::SSL_CTX_free)},
      {"SSL_CTX_ctrl", address(&::SSL_CTX_ctrl)},
      {"SSL_CTX_set_options", address(&::SSL_CTX_set_options)},
      {"SSL_CTX_set_default_passwd_cb", address(&::SSL_CTX_set_default_passwd_cb)},
      {"SSL_CTX_use_certificate", address(&::SSL_CTX_use_certificate)},
      {"SSL_CTX_use_certificate_chain_file", address(&::SSL_CTX_use_certificate_chain_file)},
      {"SSL_CTX_use_PrivateKey", address(&::SSL_CTX_use_PrivateKey)},
      {"SSL_CTX_use_PrivateKey_file", address(&::SSL_CTX_use_PrivateKey_file)},
      {"SSL_CTX_check_private_key", address(&::SSL_CTX_check_private_key)},
      {"SSL_CTX_get0_certificate", address(&::SSL_CTX_get0_certificate)},
      {"SSL_new", address(&::SSL_new)},
      {"SSL_free", address(&::SSL_free)},
      {"SSL_set_bio", address(&::SSL_set_bio)},
      {"SSL_set_accept_state", address(&::SSL_set_accept_state)},
      {"SSL_is_init_finished", address(&::SSL_is_init_finished)},
      {"SSL_pending", address(&::SSL_pending)},
      {"SSL_read_ex", address(&::SSL_read_ex)},
      {"SSL_write_ex", address(&::SSL_write_ex)},
      {"SSL_shutdown", address(&::SSL_shutdown)},
      {"SSL_get_error", address(&::SSL_get_error)},
  };
  static const Functions kCrypto = {
      {"ASN1_INTEGER_set_uint64", address(&::ASN1_INTEGER_set_uint64)},
      {"BIO_ctrl", address(&::BIO_ctrl)},
      {"BIO_ctrl_pending", address(&::BIO_ctrl_pending)},
      {"BIO_free", address(&::BIO_free)},
      {"BIO_new", address(&::BIO_new)},
      {"BIO_read", address(&::BIO_read)},
      {"BIO_s_mem", address(&::BIO_s_mem)},
      {"BIO_write", address(&::BIO_write)},
      {"CRYPTO_memcmp", address(&::CRYPTO_memcmp)},
      {"ERR_clear_error", address(&::ERR_clear_error)},
      {"ERR_get_error", address(&::ERR_get_error)},
      {"ERR_reason_error_string", address(&::ERR_reason_error_string)},
      {"EVP_PKEY_Q_keygen", address(&::EVP_PKEY_Q_keygen)},
      {"EVP_PKEY_free", address(&::EVP_PKEY_free)},
      {"EVP_sha256", address(&::EVP_sha256)},
      {"HMAC", address(&::HMAC)},
      {"PEM_read_bio_PrivateKey", address(&::PEM_read_bio_PrivateKey)},
      {"PEM_read_bio_X509", address(&::PEM_read_bio_X509)},
      {"PEM_write_bio_PrivateKey", address(&::PEM_write_bio_PrivateKey)},
      {"PEM_write_bio_X509", address(&::PEM_write_bio_X509)},
      {"RAND_bytes", address(&::RAND_bytes)},
      {"SHA1", address(&::SHA1)},
      {"SHA256", address(&::SHA256)},
      {"X509V3_EXT_nconf_nid", address(&::X509V3_EXT_nconf_nid)},
      {"X509_EXTENSION_free", address(&::X509_EXTENSION_free)},
      {"X509_NAME_add_entry_by_txt", address(&::X509_NAME_add_entry_by_txt)},
      {"X509_add_ext", address(&::X509_add_ext)},
      {"X509_check_private_key", address(&::X509_check_private_key)},
      {"X509_cmp_time", address(&::X509_cmp_time)},
      {"X509_digest", address(&::X509_digest)},
      {"X509_free", address(&::X509_free)},
      {"X509_get0_notAfter", address(&::X509_get0_notAfter)},
      {"X509_get_serialNumber", address(&::X509_get_serialNumber)},
      {"X509_get_subject_name", address(&::X509_get_subject_name)},
      {"X509_getm_notAfter", address(&::X509_getm_notAfter)},
      {"X509_getm_notBefore", address(&::X509_getm_notBefore)},
      {"X509_gmtime_adj", address(&::X509_gmtime_adj)},
      {"X509_new", address(&::X509_new)},
      {"X509_set_issuer_name", address(&::X509_set_issuer_name)},
      {"X509_set_pubkey", address(&::X509_set_pubkey)},
      {"X509_set_version", address(&::X509_set_version)},
      {"X509_sign", address(&::X509_sign)},
  };
  static const Functions kCurl = {
      {"curl_global_init", address(&::curl_global_init)},   {"curl_easy_init", address(&::curl_easy_init)},
      {"curl_easy_cleanup", address(&::curl_easy_cleanup)}, {"curl_easy_reset", address(&::curl_easy_reset)},
      {"curl_easy_setopt", address(&::curl_easy_setopt)},   {"curl_easy_getinfo", address(&::curl_easy_getinfo)},
      {"curl_easy_perform", address(&::curl_easy_perform)}, {"curl_easy_send", address(&::curl_easy_send)},
      {"curl_easy_recv", address(&::curl_easy_recv)},       {"curl_easy_strerror", address(&::curl_easy_strerror)},
      {"curl_slist_append", address(&::curl_slist_append)}, {"curl_slist_free_all", address(&::curl_slist_free_all)},
  };
  static const Functions kPq = {
      {"PQcancel", address(&::PQcancel)},
      {"PQclear", address(&::PQclear)},
      {"PQcmdStatus", address(&::PQcmdStatus)},
      {"PQcmdTuples", address(&::PQcmdTuples)},
      {"PQconnectStartParams", address(&::PQconnectStartParams)},
      {"PQconnectdbParams", address(&::PQconnectdbParams)},
      {"PQconninfo", address(&::PQconninfo)},
      {"PQconninfoFree", address(&::PQconninfoFree)},
      {"PQconninfoParse", address(&::PQconninfoParse)},
      {"PQconsumeInput", address(&::PQconsumeInput)},
      {"PQdb", address(&::PQdb)},
      {"PQerrorMessage", address(&::PQerrorMessage)},
      {"PQfinish", address(&::PQfinish)},
      {"PQfname", address(&::PQfname)},
      {"PQfreeCancel", address(&::PQfreeCancel)},
      {"PQfreemem", address(&::PQfreemem)},
      {"PQftype", address(&::PQftype)},
      {"PQgetCancel", address(&::PQgetCancel)},
      {"PQgetResult", address(&::PQgetResult)},
      {"PQgetisnull", address(&::PQgetisnull)},
      {"PQgetlength", address(&::PQgetlength)},
      {"PQgetvalue", address(&::PQgetvalue)},
      {"PQisBusy", address(&::PQisBusy)},
      {"PQnfields", address(&::PQnfields)},
      {"PQntuples", address(&::PQntuples)},
      {"PQresultErrorField", address(&::PQresultErrorField)},
      {"PQresultErrorMessage", address(&::PQresultErrorMessage)},
      {"PQresultStatus", address(&::PQresultStatus)},
      {"PQsendQuery", address(&::PQsendQuery)},
      {"PQsendQueryParams", address(&::PQsendQueryParams)},
      {"PQserverVersion", address(&::PQserverVersion)},
      {"PQsetNoticeReceiver", address(&::PQsetNoticeReceiver)},
      {"PQsetSingleRowMode", address(&::PQsetSingleRowMode)},
      {"PQsocket", address(&::PQsocket)},
      {"PQstatus", address(&::PQstatus)},
  };
  static const std::map<std::string_view, Functions> kLibraries = {
      {"libssl.so.3", kSsl}, {"libcrypto.so.3", kCrypto}, {"libcurl.so.4", kCurl}, {"libpq.so.5", kPq}};
  return kLibraries;
}

/// Where distributions keep the certificates that they trust: Debian, Fedora and Red Hat, SUSE, Alpine and BSDs.
constexpr std::array kCertificateFiles = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                          "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

/// Runs before main, while there is one thread, so that names and certificates are looked up without modules of the
/// system's glibc.
[[gnu::constructor]] void prepare() {
  ::__nss_configure_lookup("hosts", "files dns");
  for (const char* database : {"passwd", "group", "services", "protocols", "networks"}) {
    ::__nss_configure_lookup(database, "files");
  }
  if (std::getenv("SSL_CERT_FILE") != nullptr || std::getenv("SSL_CERT_DIR") != nullptr) return;
  const auto* const found = std::find_if(kCertificateFiles.begin(), kCertificateFiles.end(),
                                         [](const char* file) { return ::access(file, R_OK) == 0; });
  if (found != kCertificateFiles.end()) ::setenv("SSL_CERT_FILE", *found, 1);
}

}  // namespace

SharedLibrary::SharedLibrary(const char* file, const char* package) : file_(file) {
  const auto found = libraries().find(file_);
  if (found == libraries().end()) {
    throw std::runtime_error("cannot load " + file_ + " (Debian package " + package +
                             "): this program has its libraries inside and loads no others");
  }
  // The configuration of the system's OpenSSL may name modules, which cannot be loaded.
  ::OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  handle_ = &found->second;
}

void* SharedLibrary::address(const char* name) const {
  const auto& functions = *static_cast<const Functions*>(handle_);
  const auto found =
      std::find_if(functions.begin(), functions.end(), [&](const Function& each) { return each.name == name; });
  if (found == functions.end()) throw std::runtime_error(file_ + " has no function " + name);
  return found->address;
}

}  // namespace stator::http
