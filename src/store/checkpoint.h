#pragma once

#include <rocksdb/db.h>
#include <rocksdb/file_system.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

/// Checkpoints of a store (docs/format.md, "Checkpoints"). Tables are hard-linked, so time and space do not grow with
/// the store; the other files (the manifest, and the log with the few records after the flush) are copied.
namespace stator::store {

enum class CheckpointContents : std::uint8_t {
  kEverything,   // flush the memtable first
  kTablesAlone,  // only tables, and the log if there is one
};

/// Starts a flush of the memtable without waiting for it; later writes go to a new memtable and a new log. Throws
/// StoreError.
void close_memtable(rocksdb::DB& database);

/// Copies or links RocksDB's files to `store_path`, which must not exist. Writers continue. Throws StoreError.
void copy_store_files(rocksdb::DB& database, const std::filesystem::path& store_path,
                      CheckpointContents contents = CheckpointContents::kEverything);

/// Truncates the copied files after their last complete record and lists all files in `list_path`, durably: the result
/// is like a store whose process was killed. Throws StoreError and std::system_error.
void list_copied_files(const std::shared_ptr<rocksdb::FileSystem>& files, const std::filesystem::path& store_path,
                       const std::filesystem::path& list_path);

/// Exchanges the names of two checkpoints in one folder, atomically and durably; returns false if the file system
/// cannot do that. Throws std::system_error.
bool exchange_checkpoints(const std::filesystem::path& left, const std::filesystem::path& right);

/// Name of the folder for a checkpoint that is going to replace one in the same directory.
inline constexpr const char* kSettledCheckpoint = ".settled";

/// Deletes a checkpoint's files, complete or not, if there is one. First renames it, atomically and durably, so that an
/// interrupted deletion can be recognised; then removes the marker, so that anybody reading the checkpoint notices that
/// it is incomplete. Throws std::system_error.
void delete_checkpoint(const std::filesystem::path& checkpoint);

/// Whether a folder of this name, beside checkpoints, is left from one whose settling or deletion was interrupted.
bool is_interrupted_leftover(std::string_view name);

}  // namespace stator::store
