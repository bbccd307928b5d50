#pragma once

#include <rocksdb/env.h>

#include <filesystem>
#include <optional>
#include <string>

#include "store/data_directory.h"

/// Putting a checkpoint in the place of a store (docs/format.md, "Snapshots"). None of this is called while a store is
/// open.
namespace stator::store {

/// Creates `target` with RocksDB's files of `source`: tables, which never change, as hard links, all others as copies.
/// Throws StoreError.
void link_store(rocksdb::Env& files, const std::filesystem::path& source, const std::filesystem::path& target);

/// Deletes RocksDB's files and the directory; does nothing where there is none.
void remove_store(rocksdb::Env& files, const std::filesystem::path& path);

/// Notes in the directory that its store is to become that of the checkpoint `source`, or empty where `source` is
/// empty. From here on the restore will be done, now or at the next start. `sync`: also after a power loss. Throws
/// StoreError: no checkpoint there, an I/O error.
void begin_restore(const DataDirectory& directory, const std::filesystem::path& source, bool sync);

/// Whether a restore was begun.
bool restore_is_begun(const std::filesystem::path& directory);

/// Finishes a restore that was begun; does nothing where there is none. Can be repeated after an interruption. Throws
/// StoreError.
void finish_restore(const DataDirectory& directory, bool sync);

}  // namespace stator::store
