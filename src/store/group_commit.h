#pragma once

#include <rocksdb/status.h>
#include <rocksdb/write_batch.h>

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>

#include "core/gathering.h"

namespace stator::store {

/// Lets writers that wait for the disk wait together: batches that arrive while a write is on its way to the disk are
/// written together next, as one batch. The first writer of a group writes for all of it.
class GroupCommit {
 public:
  /// Writes a batch to the log and the disk.
  using Write = std::function<rocksdb::Status(rocksdb::WriteBatch&)>;

  explicit GroupCommit(Write write);
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;
  ~GroupCommit() = default;

  /// Returns when the batch, which holds the writes of `callers` callers, is on disk or has failed. Does not throw: if
  /// memory is short the status is MemoryLimit.
  rocksdb::Status write(rocksdb::WriteBatch& batch, std::size_t callers = 1);

 private:
  struct Waiting;
  struct Group {
    Waiting* first;
    std::size_t callers;
  };

  [[nodiscard]] Group take_group();
  void write_group(const Group& group) const;
  /// Concatenates the changes of all batches into one; false if there is no memory for that.
  static bool merge(const Group& group, std::string& bytes);
  [[nodiscard]] rocksdb::Status write_one(rocksdb::WriteBatch& batch) const;

  const Write write_;
  std::mutex mutex_;
  // The waiting writers, in order of arrival.
  Waiting* first_ = nullptr;
  Waiting* last_ = nullptr;
  bool busy_ = false;                // somebody is writing or gathering
  std::condition_variable arrived_;  // wakes the writer that gathers
  core::Gathering gathering_;
};

}  // namespace stator::store
