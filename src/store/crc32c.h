#pragma once

#include <cstdint>
#include <string_view>

namespace stator::store {

/// CRC-32C (Castagnoli), the checksum of RocksDB's records and blocks, by the processor's own instruction where it has
/// one. RocksDB, where it is linked in, uses it, too: Debian's is built for processors without (see the end of
/// crc32c.cpp).
std::uint32_t crc32c(std::string_view bytes);

/// The checksum of some bytes that are followed by `bytes`, from that of the first.
std::uint32_t extend_crc32c(std::uint32_t crc, std::string_view bytes);

/// The checksum of some bytes followed by `second_bytes` others, from those of both.
std::uint32_t combine_crc32c(std::uint32_t first, std::uint32_t second, std::size_t second_bytes);

/// As RocksDB stores it: rotated, plus a constant, since a checksum of bytes that hold their own checksum is weak.
std::uint32_t masked_crc32c(std::string_view bytes);

}  // namespace stator::store
