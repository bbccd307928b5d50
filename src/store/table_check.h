#pragma once

#include <filesystem>
#include <string_view>

namespace stator::store {

/// Whether a table that was written to its end has a damaged one: a checksum of the block of properties, or of the one
/// that points to it, does not hold. RocksDB uses these before it checks them; all other blocks it checks first. False
/// for a table without its footer, which a killed process leaves and RocksDB refuses if it needs it.
bool table_end_is_damaged(const std::filesystem::path& path);

/// Whether the manifest may name the table, then or now. One that it never named was being written when the machine
/// died, and RocksDB does not look at it. `manifest` holds the file's bytes.
bool may_be_named(std::string_view manifest, const std::filesystem::path& table);

}  // namespace stator::store
