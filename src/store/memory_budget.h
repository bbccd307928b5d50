#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace stator::store {

/// The default limit of an in-memory store, in bytes: a tenth of the process's limit (RLIMIT_AS, the control group's
/// memory.max), since RocksDB's files in memory double as they grow, and data is held twice during a compaction.
/// UINT64_MAX where the process has no limit.
std::uint64_t default_memory_limit();

/// Refuses writes to an in-memory store before memory runs out, which RocksDB's threads would not survive.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  /// To be called before a batch of `bytes` is written. Throws core::ApiError (LimitExceededException) where they do
  /// not fit, even after a compaction of deleted rows. For a batch that deletes something (`removes`) the limit is a
  /// quarter higher, since deleting makes room.
  void check(rocksdb::DB& database, std::uint64_t bytes, bool removes);

  /// A checkpoint called `name` holds the files that the database has now: they count after the database drops them.
  void hold(const std::string& name, rocksdb::DB& database);
  void release(const std::string& name);

 private:
  /// Usage is measured again after this much was written.
  static constexpr std::uint64_t kStepBytes = 256 << 10;
  [[nodiscard]] bool fits(std::uint64_t bytes, bool removes) const {
    return used_bytes_ + since_bytes_ + bytes <= limit_bytes_ + (removes ? limit_bytes_ / 4 : 0);
  }
  void measure(rocksdb::DB& database);
  std::uint64_t held_bytes(rocksdb::DB& database);

  const std::uint64_t limit_bytes_;
  std::atomic<std::uint64_t> used_bytes_{0};
  std::atomic<std::uint64_t> since_bytes_{0};
  std::atomic<bool> removed_{false};
  std::mutex compacting_;
  /// By checkpoint: the sizes of its files by name and size, since a restored store uses file names again.
  std::mutex held_mutex_;
  std::map<std::string, std::map<std::string, std::uint64_t>> held_;
};

}  // namespace stator::store
