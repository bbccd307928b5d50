#pragma once

#include <cstdint>
#include <string_view>

namespace stator::store {

/// CRC-32C (Castagnoli), with which RocksDB guards its records.
std::uint32_t crc32c(std::string_view bytes);

/// What RocksDB stores in its place: rotated and moved, so that a checksum over bytes that hold checksums stays strong.
std::uint32_t masked_crc32c(std::string_view bytes);

}  // namespace stator::store
