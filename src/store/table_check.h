#pragma once

#include <filesystem>
#include <string_view>

namespace stator::store {

/// Whether the end of a complete table is damaged: the checksum of the properties block, or of the metaindex block that
/// points to it, does not match. RocksDB uses these two blocks before it checks them; it checks all others first. False
/// for a table without a footer: a killed process can leave one, and RocksDB refuses it if it needs it.
bool table_end_is_damaged(const std::filesystem::path& path);

/// Whether the manifest may name the table or have named it. A table that it never named was being written when the
/// machine died, and RocksDB does not open it. `manifest`: the file's bytes.
bool may_be_named(std::string_view manifest, const std::filesystem::path& table);

}  // namespace stator::store
