#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "store/memory_budget.h"

namespace stator::store {

/// Checkpoints of an in-memory store. Such a store has no log, so its memtable must be flushed to a table first, which
/// takes seconds per gigabyte. `make` fixes the state of the checkpoint and returns; a thread then flushes and links
/// the files. A checkpoint may be used only after that. One checkpoint is made at a time.
class MemoryCheckpoints {
 public:
  /// `options`: those of the database.
  MemoryCheckpoints(const rocksdb::Options& options, MemoryBudget& budget) : options_(options), budget_(budget) {}
  ~MemoryCheckpoints() { wait(); }
  MemoryCheckpoints(const MemoryCheckpoints&) = delete;
  MemoryCheckpoints& operator=(const MemoryCheckpoints&) = delete;

  /// Makes a checkpoint in `directory` of the state at some moment during this call. Throws StoreError. `database` must
  /// outlive the next call of `wait`.
  void make(rocksdb::DB& database, const std::filesystem::path& directory);
  /// Waits until no checkpoint is under way.
  void wait();
  /// Waits until that checkpoint is complete. Throws StoreError if it failed.
  void finish(const std::filesystem::path& directory);
  /// Forgets the failure of that checkpoint. It must not be under way.
  void forget(const std::filesystem::path& directory);

 private:
  void complete(rocksdb::DB& database, const std::string& directory, const rocksdb::Snapshot* snapshot,
                rocksdb::SequenceNumber last) noexcept;
  /// Links the database's files into `directory`. Returns false, and leaves nothing there, if they also hold writes
  /// after `last`.
  bool cut(rocksdb::DB& database, const std::string& directory, rocksdb::SequenceNumber last) const;
  void copy(rocksdb::DB& database, const std::string& directory, const rocksdb::Snapshot* snapshot) const;

  const rocksdb::Options options_;
  MemoryBudget& budget_;
  std::mutex making_;
  std::thread thread_;  // of the last checkpoint
  std::mutex failures_mutex_;
  std::map<std::string, std::string> failures_;  // reasons, by directory
};

}  // namespace stator::store
