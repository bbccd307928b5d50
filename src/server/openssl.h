#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace stator::server {

/// The functions of OpenSSL that TLS needs, under their own names. Both libraries are loaded on the first call of `get`
/// (http::SharedLibrary explains why).
struct OpenSsl {
  // libssl
  decltype(&::TLS_server_method) TLS_server_method;
  decltype(&::SSL_CTX_new) SSL_CTX_new;
  decltype(&::SSL_CTX_free) SSL_CTX_free;
  decltype(&::SSL_CTX_ctrl) SSL_CTX_ctrl;
  decltype(&::SSL_CTX_set_options) SSL_CTX_set_options;
  decltype(&::SSL_CTX_set_default_passwd_cb) SSL_CTX_set_default_passwd_cb;
  decltype(&::SSL_CTX_use_certificate) SSL_CTX_use_certificate;
  decltype(&::SSL_CTX_use_certificate_chain_file) SSL_CTX_use_certificate_chain_file;
  decltype(&::SSL_CTX_use_PrivateKey) SSL_CTX_use_PrivateKey;
  decltype(&::SSL_CTX_use_PrivateKey_file) SSL_CTX_use_PrivateKey_file;
  decltype(&::SSL_CTX_check_private_key) SSL_CTX_check_private_key;
  decltype(&::SSL_CTX_get0_certificate) SSL_CTX_get0_certificate;
  decltype(&::SSL_new) SSL_new;
  decltype(&::SSL_free) SSL_free;
  decltype(&::SSL_set_bio) SSL_set_bio;
  decltype(&::SSL_set_accept_state) SSL_set_accept_state;
  decltype(&::SSL_is_init_finished) SSL_is_init_finished;
  decltype(&::SSL_pending) SSL_pending;
  decltype(&::SSL_read_ex) SSL_read_ex;
  decltype(&::SSL_write_ex) SSL_write_ex;
  decltype(&::SSL_shutdown) SSL_shutdown;
  decltype(&::SSL_get_error) SSL_get_error;
  // libcrypto
  decltype(&::ERR_clear_error) ERR_clear_error;
  decltype(&::ERR_get_error) ERR_get_error;
  decltype(&::ERR_reason_error_string) ERR_reason_error_string;
  decltype(&::BIO_new) BIO_new;
  decltype(&::BIO_free) BIO_free;
  decltype(&::BIO_s_mem) BIO_s_mem;
  decltype(&::BIO_ctrl) BIO_ctrl;
  decltype(&::BIO_ctrl_pending) BIO_ctrl_pending;
  decltype(&::BIO_read) BIO_read;
  decltype(&::BIO_write) BIO_write;
  decltype(&::EVP_PKEY_Q_keygen) EVP_PKEY_Q_keygen;
  decltype(&::EVP_PKEY_free) EVP_PKEY_free;
  decltype(&::EVP_sha256) EVP_sha256;
  decltype(&::RAND_bytes) RAND_bytes;
  decltype(&::X509_new) X509_new;
  decltype(&::X509_free) X509_free;
  decltype(&::X509_set_version) X509_set_version;
  decltype(&::X509_get_serialNumber) X509_get_serialNumber;
  decltype(&::ASN1_INTEGER_set_uint64) ASN1_INTEGER_set_uint64;
  decltype(&::X509_getm_notBefore) X509_getm_notBefore;
  decltype(&::X509_getm_notAfter) X509_getm_notAfter;
  decltype(&::X509_get0_notAfter) X509_get0_notAfter;
  decltype(&::X509_gmtime_adj) X509_gmtime_adj;
  decltype(&::X509_cmp_time) X509_cmp_time;
  decltype(&::X509_set_pubkey) X509_set_pubkey;
  decltype(&::X509_get_subject_name) X509_get_subject_name;
  decltype(&::X509_NAME_add_entry_by_txt) X509_NAME_add_entry_by_txt;
  decltype(&::X509_set_issuer_name) X509_set_issuer_name;
  decltype(&::X509V3_EXT_nconf_nid) X509V3_EXT_nconf_nid;
  decltype(&::X509_EXTENSION_free) X509_EXTENSION_free;
  decltype(&::X509_add_ext) X509_add_ext;
  decltype(&::X509_sign) X509_sign;
  decltype(&::X509_digest) X509_digest;
  decltype(&::X509_check_private_key) X509_check_private_key;
  decltype(&::PEM_read_bio_PrivateKey) PEM_read_bio_PrivateKey;
  decltype(&::PEM_read_bio_X509) PEM_read_bio_X509;
  decltype(&::PEM_write_bio_X509) PEM_write_bio_X509;
  decltype(&::PEM_write_bio_PrivateKey) PEM_write_bio_PrivateKey;

  /// Throws std::runtime_error if one of the libraries is missing.
  static const OpenSsl& get();

  /// Returns OpenSSL's text for the last error, and clears the error.
  [[nodiscard]] std::string last_error() const;
};

/// Frees OpenSSL's objects.
struct OpenSslDelete {
  void operator()(SSL_CTX* context) const { OpenSsl::get().SSL_CTX_free(context); }
  void operator()(SSL* session) const { OpenSsl::get().SSL_free(session); }
  void operator()(BIO* bio) const { OpenSsl::get().BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { OpenSsl::get().EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { OpenSsl::get().X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { OpenSsl::get().X509_EXTENSION_free(extension); }
};
template <typename T>
using OpenSslPtr = std::unique_ptr<T, OpenSslDelete>;

}  // namespace stator::server
