#pragma once

#include <cstdint>
#include <string_view>

namespace stator::store {

/// CRC-32C (Castagnoli), the checksum of RocksDB's records.
std::uint32_t crc32c(std::string_view bytes);

/// As RocksDB stores it: rotated, plus a constant, since a checksum of bytes that hold their own checksum is weak.
std::uint32_t masked_crc32c(std::string_view bytes);

}  // namespace stator::store
