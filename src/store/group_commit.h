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

/// Lets writers that wait for the disk wait together: what comes while a write is on its way to the disk goes with the
/// next one, as one batch. Whoever is first writes for all.
class GroupCommit {
 public:
  /// Writes a batch to the log and the disk.
  using Write = std::function<rocksdb::Status(rocksdb::WriteBatch&)>;

  explicit GroupCommit(Write write);
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;
  ~GroupCommit() = default;

  /// Returns when the batch, with the writes of so many callers, is on the disk, or what went wrong. Does not throw:
  /// where memory is short the status is MemoryLimit.
  rocksdb::Status write(rocksdb::WriteBatch& batch, std::size_t callers = 1);

 private:
  struct Waiting;
  struct Group {
    Waiting* first;
    std::size_t callers;
  };

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
  core::Gathering gathering_;
};

}  // namespace stator::store
