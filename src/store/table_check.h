#pragma once

#include <filesystem>
#include <string_view>

namespace stator::store {

/// Whether the end of a complete table is damaged: the checksum of the properties block, or of the metaindex block that
/// points to it, does not match. RocksDB uses these two before it checks them; all other blocks it checks first. False
/// for a table without a footer, which a killed process leaves and RocksDB refuses if it needs it.
bool table_end_is_damaged(const std::filesystem::path& path);

/// Whether the manifest may name, or have named, the table. A table that it never named was being written when the
/// machine died, and RocksDB does not open it. `manifest`: the file's bytes.
bool may_be_named(std::string_view manifest, const std::filesystem::path& table);

}  // namespace stator::store
