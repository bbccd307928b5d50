#include "aws/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <array>
#include <stdexcept>

#include "http/shared_library.h"

namespace stator::aws {

namespace {

struct CryptoLibrary {
  decltype(&::SHA1) sha1;
  decltype(&::SHA256) sha256;
  decltype(&::HMAC) hmac;
  decltype(&::EVP_sha256) evp_sha256;
  decltype(&::CRYPTO_memcmp) compare;

  static const CryptoLibrary& get() {
    static const CryptoLibrary library = [] {
      const http::SharedLibrary crypto("libcrypto.so.3", "libssl3");
      return CryptoLibrary{crypto.function<decltype(&::SHA1)>("SHA1"), crypto.function<decltype(&::SHA256)>("SHA256"),
                           crypto.function<decltype(&::HMAC)>("HMAC"),
                           crypto.function<decltype(&::EVP_sha256)>("EVP_sha256"),
                           crypto.function<decltype(&::CRYPTO_memcmp)>("CRYPTO_memcmp")};
    }();
    return library;
  }
};

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

std::string sha1(std::string_view data) {
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  CryptoLibrary::get().sha1(bytes_of(data), data.size(), digest.data());
  return {digest.begin(), digest.end()};
}

std::string sha256(std::string_view data) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  CryptoLibrary::get().sha256(bytes_of(data), data.size(), digest.data());
  return {digest.begin(), digest.end()};
}

std::string hmac_sha256(std::string_view key, std::string_view data) {
  const CryptoLibrary& crypto = CryptoLibrary::get();
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  unsigned length = 0;
  if (crypto.hmac(crypto.evp_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(data), data.size(),
                  digest.data(), &length) == nullptr) {
    throw std::runtime_error("libcrypto refuses HMAC-SHA256");
  }
  return {digest.begin(), digest.end()};
}

bool same_secret(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CryptoLibrary::get().compare(left.data(), right.data(), left.size()) == 0;
}

}  // namespace stator::aws
