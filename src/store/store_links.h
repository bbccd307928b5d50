#pragma once

#include <rocksdb/env.h>

#include <filesystem>

/// Cheap copies of a store's files. Not for a store that is open.
namespace stator::store {

/// Puts RocksDB's files of `source` into `target`: tables, which never change, as hard links, all others as copies.
/// Throws StoreError.
void link_store(rocksdb::Env& files, const std::filesystem::path& source, const std::filesystem::path& target);

/// Deletes RocksDB's files and the directory; does nothing if there is none.
void remove_store(rocksdb::Env& files, const std::filesystem::path& path);

}  // namespace stator::store
