#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace stator::store {

/// The default limit of an in-memory store, in bytes: a tenth of the process's limit (RLIMIT_AS, the control group's
/// memory.max), since RocksDB's files in memory double as they grow, and a compaction holds data twice. UINT64_MAX if
/// the process has no limit.
std::uint64_t default_memory_limit();

/// Refuses writes to an in-memory store before memory runs out, which RocksDB's threads would not survive.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  /// Call this before writing a batch of `bytes`. Throws core::ApiError (LimitExceededException) if it does not fit,
  /// even after a compaction of deleted rows. For a batch that deletes something (`removes`) the limit is a quarter
  /// higher, since deleting makes room.
  void check(rocksdb::DB& database, std::uint64_t bytes, bool removes);

  /// Notes that the checkpoint `name` holds the database's current files: they count even after the database drops
  /// them.
  void hold(const std::string& name, rocksdb::DB& database);
  void release(const std::string& name);

 private:
  /// Usage is measured again after this many bytes were written.
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
  /// The sizes of each checkpoint's files, by the file's name and size, since a restored store reuses file names.
  std::mutex held_mutex_;
  std::map<std::string, std::map<std::string, std::uint64_t>> held_;
};

}  // namespace stator::store
