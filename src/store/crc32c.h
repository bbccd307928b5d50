#pragma once

#include <cstdint>
#include <string_view>

namespace stator::store {

/// CRC-32C (Castagnoli), the checksum of RocksDB's records and blocks; uses the processor's instruction if there is
/// one. RocksDB uses this function too where it is linked in, since Debian builds it for processors without the
/// instruction (see the end of crc32c.cpp).
std::uint32_t crc32c(std::string_view bytes);

/// The checksum of a text followed by `bytes`, given the text's checksum.
std::uint32_t extend_crc32c(std::uint32_t crc, std::string_view bytes);

/// The checksum of a text followed by `second_bytes` more bytes, given the checksums of both.
std::uint32_t combine_crc32c(std::uint32_t first, std::uint32_t second, std::size_t second_bytes);

/// As RocksDB stores it: rotated, plus a constant, since a checksum over bytes that contain their own checksum is weak.
std::uint32_t masked_crc32c(std::string_view bytes);

}  // namespace stator::store
