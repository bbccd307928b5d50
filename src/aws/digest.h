#pragma once

#include <string>
#include <string_view>

/// Digests by OpenSSL's libcrypto, loaded on first use.
namespace stator::aws {

/// 20 bytes. Only for names: SHA-1 can be forged.
std::string sha1(std::string_view data);
/// 32 bytes.
std::string sha256(std::string_view data);
/// 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view data);
/// True if both are the same bytes; the time does not depend on where they differ.
bool same_secret(std::string_view left, std::string_view right);

}  // namespace stator::aws
