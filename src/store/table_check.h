#pragma once

#include <filesystem>

namespace stator::store {

/// Whether a table that was written to its end has a damaged one: a checksum of the block of properties, or of the one
/// that points to it, does not hold. RocksDB uses these before it checks them; all other blocks it checks first. False
/// for a table without its footer, which a killed process leaves and RocksDB refuses if it needs it.
bool table_end_is_damaged(const std::filesystem::path& path);

}  // namespace stator::store
