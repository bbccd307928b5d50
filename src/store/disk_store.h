#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "store/background_errors.h"
#include "store/data_directory.h"
#include "store/file_check.h"
#include "store/file_list.h"
#include "store/listed_file_system.h"
#include "store/store.h"

namespace stator::store {

/// An open RocksDB database.
class Database {
 public:
  explicit Database(const core::LogSink& log) : errors_(log) {}
  ~Database() { close(); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// `what` names the store in the text of the OpenError or DamagedError.
  void open(const rocksdb::Options& options, const std::string& path, bool read_only, const std::string& what);
  /// Does not wait for compactions; no operation may be running. Returns false if something was not written.
  bool close();
  [[nodiscard]] rocksdb::DB* rocks() const { return rocks_.get(); }
  [[nodiscard]] BackgroundErrors& errors() { return errors_; }

 private:
  BackgroundErrors errors_;
  std::unique_ptr<rocksdb::DB> rocks_;
};

/// One of the stores in a data directory (store_number.h), open: RocksDB's files and the list of them. It never moves,
/// so that several can be open at the same time.
class DiskStore {
 public:
  /// Opens the current store. Throws OpenError, DamagedError, NoStoreError.
  static std::unique_ptr<DiskStore> open(const Options& options, DataDirectory& directory);
  /// Makes and opens a new store with the content of a checkpoint, or an empty one if `checkpoint` is empty. It
  /// survives a power loss as it is, but becomes the current one only by DataDirectory::switch_store. Throws
  /// StoreError.
  static std::unique_ptr<DiskStore> make(const Options& options, DataDirectory& directory,
                                         const std::filesystem::path& checkpoint);
  /// Closes the store in the state that a killed process would leave.
  ~DiskStore();
  DiskStore(const DiskStore&) = delete;
  DiskStore& operator=(const DiskStore&) = delete;

  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] Database& database() { return database_; }
  /// Makes a checkpoint in `target`. Writes the marker last: without it the directory is not a data directory. Throws
  /// StoreError, std::system_error.
  void checkpoint(const std::filesystem::path& target, CheckpointKind kind);
  /// Stops cleanly: the next start finds a sealed list, unless a log has records.
  void close_cleanly();
  /// Closes the store and deletes its files; it must not be the current one.
  void remove();

 private:
  DiskStore(const Options& options, DataDirectory& directory, std::uint64_t number);
  [[nodiscard]] CheckedFiles check() const;
  [[nodiscard]] CheckedFiles check_readable() const;
  void prepare(const CheckedFiles& checked);
  void open_database(bool create);
  /// Completes a checkpoint for which RocksDB's files are in place.
  void list_and_mark(const std::filesystem::path& checkpoint) const;
  void seal();
  void remove_logs(const std::vector<std::filesystem::path>& logs) const;

  const Options& options_;
  DataDirectory& directory_;
  const std::uint64_t number_;
  const std::filesystem::path path_;
  const std::filesystem::path list_path_;
  // In order of construction, so that the database is destroyed before the members that it uses.
  std::shared_ptr<rocksdb::FileSystem> base_;
  FileList list_;
  std::shared_ptr<ListedFileSystem> files_;
  std::unique_ptr<rocksdb::Env> environment_;
  Database database_;
};

}  // namespace stator::store
