#pragma once

#include <rocksdb/env.h>

#include <filesystem>
#include <optional>
#include <string>

#include "store/data_directory.h"

/// Putting a checkpoint in the place of a store (docs/format.md, "Snapshots"). None of this is called while a store is
/// open.
namespace stator::store {

/// Puts RocksDB's files of `source` into `target`, which is made: tables are linked, as nobody changes one; all else is
/// copied. Throws StoreError.
void link_store(rocksdb::Env& files, const std::filesystem::path& source, const std::filesystem::path& target);

/// Deletes RocksDB's files and the directory; nothing where there is none.
void remove_store(rocksdb::Env& files, const std::filesystem::path& path);

/// Notes in the directory that its store is to become that of the checkpoint `source`, or empty where that is empty.
/// From here on the restore is done, now or at the next start. `sync`: so that it survives a power loss. Throws
/// StoreError: no checkpoint there, the disk.
void begin_restore(const DataDirectory& directory, const std::filesystem::path& source, bool sync);

/// Whether a restore was begun.
bool restore_is_begun(const std::filesystem::path& directory);

/// Does what was begun; nothing where nothing was. May be done again from its beginning any number of times. Throws
/// StoreError.
void finish_restore(const DataDirectory& directory, bool sync);

}  // namespace stator::store
