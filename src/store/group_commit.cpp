#include "store/group_commit.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <semaphore>
#include <string>
#include <utility>

namespace stator::store {
namespace {

/// A batch's bytes begin with its number and the count of its records.
constexpr std::size_t kCountAt = 8;
constexpr std::size_t kHeaderBytes = 12;
/// A group ends before the batch that would make it larger.
constexpr std::size_t kMostGroupBytes = 4 << 20;
/// The part of the disk's time that a group may wait for more.
constexpr int kWaitPart = 2;
constexpr std::chrono::milliseconds kMostWait{10};
constexpr std::size_t kMostAtOnce = 256;
/// The last times of the disk count by halves, by quarters, and so on.
constexpr int kSmoothing = 2;

}  // namespace

struct GroupCommit::Waiting {
  rocksdb::WriteBatch& batch;
  rocksdb::Status status = {};
  bool leads = false;
  Waiting* next = nullptr;
  std::binary_semaphore woken{0};
};

namespace {

/// Without its text where there is no memory for it.
rocksdb::Status copy_of(const rocksdb::Status& status) {
  try {
    return status;
  } catch (const std::bad_alloc&) {
    if (status.IsCorruption()) return rocksdb::Status::Corruption(status.subcode());
    return rocksdb::Status::IOError(status.subcode());
  }
}

}  // namespace

GroupCommit::GroupCommit(Write write) : write_(std::move(write)) {}

rocksdb::Status GroupCommit::write(rocksdb::WriteBatch& batch) {
  Waiting self{batch};
  std::unique_lock<std::mutex> lock(mutex_);
  (first_ == nullptr ? first_ : last_->next) = &self;
  last_ = &self;
  ++come_since_;
  if (std::exchange(busy_, true)) {
    if (come_since_ == last_group_) came_.notify_one();
    lock.unlock();
    self.woken.acquire();
    if (!self.leads) return self.status;
    lock.lock();
  }
  gather(lock);
  const Group group = take_group();
  lock.unlock();
  const Clock::time_point began = Clock::now();
  write_group(group);
  const Clock::duration took = Clock::now() - began;
  lock.lock();
  if (self.status.ok()) disk_time_ += (took - disk_time_) / kSmoothing;
  last_group_ = group.size;
  come_since_ = 0;
  Waiting* const leader = first_;
  busy_ = leader != nullptr;
  lock.unlock();
  // The next group goes first: the disk is idle.
  if (leader != nullptr) {
    leader->leads = true;
    leader->woken.release();
  }
  for (Waiting* each = group.first; each != nullptr;) {
    Waiting* const next = each->next;
    if (each != &self) each->woken.release();  // it may be gone after this
    each = next;
  }
  return std::move(self.status);
}

void GroupCommit::gather(std::unique_lock<std::mutex>& lock) {
  if (come_since_ >= last_group_) return;
  if (at_once_ > 0) {
    --at_once_;
    return;
  }
  const std::size_t missing = last_group_ - come_since_;
  came_.wait_for(lock, std::min<Clock::duration>(disk_time_ / kWaitPart, kMostWait),
                 [this] { return come_since_ >= last_group_; });
  const std::size_t still_missing = last_group_ - std::min(last_group_, come_since_);
  const bool was_worth_it = still_missing <= missing / 2;
  next_at_once_ = was_worth_it ? 1 : std::min(2 * next_at_once_, kMostAtOnce);
  at_once_ = was_worth_it ? 0 : next_at_once_;
}

GroupCommit::Group GroupCommit::take_group() {
  Group group{first_, 1};
  std::size_t bytes = first_->batch.GetDataSize();
  Waiting* end = first_;
  for (; end->next != nullptr; end = end->next, ++group.size) {
    bytes += end->next->batch.GetDataSize();
    if (bytes > kMostGroupBytes) break;
  }
  first_ = std::exchange(end->next, nullptr);
  return group;
}

rocksdb::Status GroupCommit::write_one(rocksdb::WriteBatch& batch) const {
  try {
    return write_(batch);
  } catch (const std::bad_alloc&) {
    return rocksdb::Status::MemoryLimit();
  }
}

bool GroupCommit::merge(const Group& group, std::string& bytes) {
  std::size_t size = 0;
  for (const Waiting* each = group.first; each != nullptr; each = each->next) size += each->batch.GetDataSize();
  try {
    bytes.reserve(size);
  } catch (const std::bad_alloc&) {
    return false;
  }
  std::uint32_t records = 0;
  for (const Waiting* each = group.first; each != nullptr; each = each->next) {
    bytes.append(each->batch.Data(), bytes.empty() ? 0 : kHeaderBytes);
    records += each->batch.Count();
  }
  std::memcpy(bytes.data() + kCountAt, &records, sizeof(records));
  return true;
}

void GroupCommit::write_group(const Group& group) const {
  std::string bytes;
  const bool together = group.size > 1 && merge(group, bytes);
  if (!together) {
    for (Waiting* each = group.first; each != nullptr; each = each->next) each->status = write_one(each->batch);
    return;
  }
  rocksdb::WriteBatch batch(std::move(bytes));
  const rocksdb::Status status = write_one(batch);
  for (Waiting* each = group.first; each != nullptr; each = each->next) each->status = copy_of(status);
}

}  // namespace stator::store
