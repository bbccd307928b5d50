#pragma once

#include <rocksdb/db.h>
#include <rocksdb/file_system.h>

#include <cstdint>
#include <filesystem>
#include <memory>

/// Consistent cuts of a store (docs/format.md, "Checkpoints"). Tables are linked, so that neither time nor room grow
/// with the store; what else there is (manifest, the log's few records after the flush) is copied.
namespace stator::store {

enum class CutOf : std::uint8_t {
  kEverything,   // flush the memtable first
  kTablesAlone,  // tables, and the log if there is one
};

/// Puts RocksDB's files into `store_path`, which must not exist. Writers go on meanwhile. Throws StoreError.
void cut_files(rocksdb::DB& database, const std::filesystem::path& store_path, CutOf what = CutOf::kEverything);

/// Ends copied files where their last whole record does, and lists all of them in `list_path`, durably: as a store that
/// was killed is left. Throws StoreError and std::system_error.
void list_cut_files(const std::shared_ptr<rocksdb::FileSystem>& files, const std::filesystem::path& store_path,
                    const std::filesystem::path& list_path);

}  // namespace stator::store
