#include "server/openssl.h"

#include <system_error>

#include "http/shared_library.h"

namespace stator::server {
namespace {

template <typename Function>
void load(const http::SharedLibrary& library, Function& function, const char* name) {
  function = library.function<Function>(name);
}

}  // namespace

const OpenSsl& OpenSsl::get() {
  static const OpenSsl library = [] {
    const http::SharedLibrary ssl("libssl.so.3", "libssl3");
    const http::SharedLibrary crypto("libcrypto.so.3", "libssl3");
    OpenSsl loaded{};
    load(ssl, loaded.TLS_server_method, "TLS_server_method");
    load(ssl, loaded.SSL_CTX_new, "SSL_CTX_new");
    load(ssl, loaded.SSL_CTX_free, "SSL_CTX_free");
    load(ssl, loaded.SSL_CTX_ctrl, "SSL_CTX_ctrl");
    load(ssl, loaded.SSL_CTX_set_options, "SSL_CTX_set_options");
    load(ssl, loaded.SSL_CTX_set_default_passwd_cb, "SSL_CTX_set_default_passwd_cb");
    load(ssl, loaded.SSL_CTX_use_certificate, "SSL_CTX_use_certificate");
    load(ssl, loaded.SSL_CTX_use_certificate_chain_file, "SSL_CTX_use_certificate_chain_file");
    load(ssl, loaded.SSL_CTX_use_PrivateKey, "SSL_CTX_use_PrivateKey");
    load(ssl, loaded.SSL_CTX_use_PrivateKey_file, "SSL_CTX_use_PrivateKey_file");
    load(ssl, loaded.SSL_CTX_check_private_key, "SSL_CTX_check_private_key");
    load(ssl, loaded.SSL_CTX_get0_certificate, "SSL_CTX_get0_certificate");
    load(ssl, loaded.SSL_new, "SSL_new");
    load(ssl, loaded.SSL_free, "SSL_free");
    load(ssl, loaded.SSL_set_bio, "SSL_set_bio");
    load(ssl, loaded.SSL_set_accept_state, "SSL_set_accept_state");
    load(ssl, loaded.SSL_is_init_finished, "SSL_is_init_finished");
    load(ssl, loaded.SSL_pending, "SSL_pending");
    load(ssl, loaded.SSL_read_ex, "SSL_read_ex");
    load(ssl, loaded.SSL_write_ex, "SSL_write_ex");
    load(ssl, loaded.SSL_shutdown, "SSL_shutdown");
    load(ssl, loaded.SSL_get_error, "SSL_get_error");
    load(crypto, loaded.ERR_clear_error, "ERR_clear_error");
    load(crypto, loaded.ERR_get_error, "ERR_get_error");
    load(crypto, loaded.ERR_reason_error_string, "ERR_reason_error_string");
    load(crypto, loaded.BIO_new, "BIO_new");
    load(crypto, loaded.BIO_free, "BIO_free");
    load(crypto, loaded.BIO_s_mem, "BIO_s_mem");
    load(crypto, loaded.BIO_ctrl, "BIO_ctrl");
    load(crypto, loaded.BIO_ctrl_pending, "BIO_ctrl_pending");
    load(crypto, loaded.BIO_read, "BIO_read");
    load(crypto, loaded.BIO_write, "BIO_write");
    load(crypto, loaded.EVP_PKEY_Q_keygen, "EVP_PKEY_Q_keygen");
    load(crypto, loaded.EVP_PKEY_free, "EVP_PKEY_free");
    load(crypto, loaded.EVP_sha256, "EVP_sha256");
    load(crypto, loaded.RAND_bytes, "RAND_bytes");
    load(crypto, loaded.X509_new, "X509_new");
    load(crypto, loaded.X509_free, "X509_free");
    load(crypto, loaded.X509_set_version, "X509_set_version");
    load(crypto, loaded.X509_get_serialNumber, "X509_get_serialNumber");
    load(crypto, loaded.ASN1_INTEGER_set_uint64, "ASN1_INTEGER_set_uint64");
    load(crypto, loaded.X509_getm_notBefore, "X509_getm_notBefore");
    load(crypto, loaded.X509_getm_notAfter, "X509_getm_notAfter");
    load(crypto, loaded.X509_get0_notAfter, "X509_get0_notAfter");
    load(crypto, loaded.X509_gmtime_adj, "X509_gmtime_adj");
    load(crypto, loaded.X509_cmp_time, "X509_cmp_time");
    load(crypto, loaded.X509_set_pubkey, "X509_set_pubkey");
    load(crypto, loaded.X509_get_subject_name, "X509_get_subject_name");
    load(crypto, loaded.X509_NAME_add_entry_by_txt, "X509_NAME_add_entry_by_txt");
    load(crypto, loaded.X509_set_issuer_name, "X509_set_issuer_name");
    load(crypto, loaded.X509V3_EXT_nconf_nid, "X509V3_EXT_nconf_nid");
    load(crypto, loaded.X509_EXTENSION_free, "X509_EXTENSION_free");
    load(crypto, loaded.X509_add_ext, "X509_add_ext");
    load(crypto, loaded.X509_sign, "X509_sign");
    load(crypto, loaded.X509_digest, "X509_digest");
    load(crypto, loaded.X509_check_private_key, "X509_check_private_key");
    load(crypto, loaded.PEM_read_bio_PrivateKey, "PEM_read_bio_PrivateKey");
    load(crypto, loaded.PEM_read_bio_X509, "PEM_read_bio_X509");
    load(crypto, loaded.PEM_write_bio_X509, "PEM_write_bio_X509");
    load(crypto, loaded.PEM_write_bio_PrivateKey, "PEM_write_bio_PrivateKey");
    return loaded;
  }();
  return library;
}

std::string OpenSsl::last_error() const {
  const unsigned long error = ERR_get_error();
  const char* const reason = ERR_reason_error_string(error);
  ERR_clear_error();
  // OpenSSL has no text for system errors, such as a missing file, and an odd one for files that are not PEM.
  if (ERR_SYSTEM_ERROR(error)) return std::generic_category().message(ERR_GET_REASON(error));
  const auto is = [error](int library, int what) {
    return ERR_GET_LIB(error) == library && ERR_GET_REASON(error) == what;
  };
  if (is(ERR_LIB_PEM, PEM_R_NO_START_LINE) || is(ERR_LIB_OSSL_DECODER, ERR_R_UNSUPPORTED)) {
    return "there is none in it (PEM is needed)";
  }
  return reason == nullptr ? "unknown error" : reason;
}

}  // namespace stator::server
