#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace stator::store {

/// How much an in-memory store may hold where nobody says: a tenth of what the process may have (RLIMIT_AS, the
/// control group's memory.max): RocksDB's files in memory double as they grow, and it holds data twice while it
/// compacts. UINT64_MAX where there is no limit.
std::uint64_t default_memory_limit();

/// Refuses writes to an in-memory store before the allocator does, which RocksDB's threads would not survive.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  /// Before a batch of `bytes` is written. Throws core::ApiError (LimitExceededException) where they do not fit, even
  /// after what was deleted has been cleared away. One that deletes something is taken for somewhat longer, as it is
  /// how room is made.
  void check(rocksdb::DB& database, std::uint64_t bytes, bool removes);

  /// A checkpoint called `name` holds the files that the database has now: they take room when it needs them no more.
  void hold(const std::string& name, rocksdb::DB& database);
  void release(const std::string& name);

 private:
  /// Figures are read anew after so much was written.
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
  /// Sizes by the names and sizes of files, by the names of checkpoints. A store that was restored uses names again.
  std::mutex held_mutex_;
  std::map<std::string, std::map<std::string, std::uint64_t>> held_;
};

}  // namespace stator::store
