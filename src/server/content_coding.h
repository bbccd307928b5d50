#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Compressed requests and replies (zlib).
namespace stator::server {

enum class Coding : std::uint8_t { kNone, kGzip, kDeflate };

/// Shorter replies are not compressed, whatever the client accepts. The service's own threshold.
inline constexpr std::size_t kCompressionThresholdBytes = 4096;

/// "gzip" or "deflate".
std::string_view coding_name(Coding coding);

/// The coding of a reply, chosen from the request's Accept-Encoding as the service does: the highest quality, then the
/// first named; `*` stands for the codings not named, gzip first; `identity` is ignored; a quality that is not a number
/// counts as 1.
Coding choose_coding(std::string_view accept_encoding);

/// Compresses `body` and appends it to `out`.
void compress(Coding coding, std::string_view body, std::string& out);

enum class DecompressStatus : std::uint8_t { kOk, kMalformed, kTooLarge };

/// Appends the decompressed body to `out`, at most `max_bytes`. gzip may be several members in a row (RFC 1952).
/// Malformed: other bytes after the end, a missing end, an empty body.
DecompressStatus decompress(Coding coding, std::string_view body, std::size_t max_bytes, std::string& out);

}  // namespace stator::server
