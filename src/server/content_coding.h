#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Compressed requests and replies (zlib).
namespace stator::server {

enum class Coding : std::uint8_t { kNone, kGzip, kDeflate };

/// Replies shorter than this are sent as they are, whatever the client accepts. The service's own threshold.
inline constexpr std::size_t kCompressionThresholdBytes = 4096;

/// "gzip" or "deflate".
std::string_view coding_name(Coding coding);

/// What a reply is compressed with, by the request's Accept-Encoding. As the service reads it: highest quality, then
/// first named; `*` stands for what is not named, gzip first; `identity` counts for nothing; a quality it cannot read
/// is 1.
Coding choose_coding(std::string_view accept_encoding);

/// Appends `body` compressed to `out`.
void compress(Coding coding, std::string_view body, std::string& out);

enum class DecompressStatus : std::uint8_t { kOk, kMalformed, kTooLarge };

/// Appends the decompressed body to `out`, at most `max_bytes`. gzip may be several members in a row (RFC 1952);
/// anything else after the end, or an end that is missing, is malformed, and so is an empty body.
DecompressStatus decompress(Coding coding, std::string_view body, std::size_t max_bytes, std::string& out);

}  // namespace stator::server
