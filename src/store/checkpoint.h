#pragma once

#include <rocksdb/db.h>
#include <rocksdb/file_system.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

/// Checkpoints of a store (docs/format.md, "Checkpoints"). Tables are hard-linked, so that neither time nor space grows
/// with the store; the other files (manifest, the log with the few records after the flush) are copied.
namespace stator::store {

enum class CutOf : std::uint8_t {
  kEverything,   // flush the memtable first
  kTablesAlone,  // tables, and the log if there is one
};

/// Starts a flush of the memtable without waiting for it; later writes go to a new memtable, and to a new log. Throws
/// StoreError.
void close_memtable(rocksdb::DB& database);

/// Puts RocksDB's files into `store_path`, which must not exist. Writers continue. Throws StoreError.
void cut_files(rocksdb::DB& database, const std::filesystem::path& store_path, CutOf what = CutOf::kEverything);

/// Cuts the copied files off after their last complete record and lists all files in `list_path`, durably: the result
/// is like a store whose process was killed. Throws StoreError and std::system_error.
void list_cut_files(const std::shared_ptr<rocksdb::FileSystem>& files, const std::filesystem::path& store_path,
                    const std::filesystem::path& list_path);

/// Exchanges the names of two checkpoints in one folder, at once and durably; false where the file system cannot do
/// that. Throws std::system_error.
bool exchange_checkpoints(const std::filesystem::path& left, const std::filesystem::path& right);

/// The folder of a checkpoint that is to take the place of one in the same directory.
inline constexpr const char* kSettledCheckpoint = ".settled";

/// Deletes a checkpoint's files, complete or not, if there is one. Its name is given up first, at once and durably, so
/// that what an interruption leaves is known for what it is; then the marker, so that whoever reads it sees at the end
/// that it is not whole. Throws std::system_error.
void delete_checkpoint(const std::filesystem::path& checkpoint);

/// Whether a folder of this name, beside checkpoints, is what an interruption left of one that was being settled or
/// deleted.
bool is_left_over(std::string_view name);

}  // namespace stator::store
