#pragma once

#include <rocksdb/status.h>
#include <rocksdb/write_batch.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>

namespace stator::store {

/// Lets writers that wait for the disk wait together: what comes while a write is on its way to the disk goes with the
/// next one, as one batch. Whoever is first writes for all.
///
/// Callers that wait for each reply before they send the next request would fall into two halves that way, of which one
/// waits while the other's write is on its way, so that each write would wait for the disk twice. So a group waits a
/// part of what the disk takes for those of the last one to come back; where they do not, it soon stops to do so.
class GroupCommit {
 public:
  /// Writes a batch to the log and the disk.
  using Write = std::function<rocksdb::Status(rocksdb::WriteBatch&)>;

  explicit GroupCommit(Write write);
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;
  ~GroupCommit() = default;

  /// Returns when the batch is on the disk, or what went wrong. Does not throw: where memory is short the status is
  /// MemoryLimit.
  rocksdb::Status write(rocksdb::WriteBatch& batch);

 private:
  using Clock = std::chrono::steady_clock;
  struct Waiting;
  struct Group {
    Waiting* first;
    std::size_t size;
  };

  void gather(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] Group take_group();
  void write_group(const Group& group) const;
  /// The bytes of a batch with the changes of all; false where there is no memory for them.
  static bool merge(const Group& group, std::string& bytes);
  [[nodiscard]] rocksdb::Status write_one(rocksdb::WriteBatch& batch) const;

  const Write write_;
  std::mutex mutex_;
  // Those that wait, in the order in which they came.
  Waiting* first_ = nullptr;
  Waiting* last_ = nullptr;
  bool busy_ = false;             // somebody writes, or gathers
  std::condition_variable came_;  // tells the one who gathers
  std::size_t last_group_ = 0;    // how many were in it
  std::size_t come_since_ = 0;    // since it ended
  Clock::duration disk_time_{};   // of late
  // Groups that are to be written at once, as waiting was in vain; and how many the next time.
  std::size_t at_once_ = 0;
  std::size_t next_at_once_ = 1;
};

}  // namespace stator::store
