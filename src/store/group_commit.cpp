#include "store/group_commit.h"

#include <cstdint>
#include <cstring>
#include <new>
#include <semaphore>
#include <string>
#include <utility>

namespace stator::store {
namespace {

/// A batch's bytes begin with its sequence number and the count of its records.
constexpr std::size_t kCountAt = 8;
constexpr std::size_t kHeaderBytes = 12;
/// A group ends before a batch that would exceed this.
constexpr std::size_t kMostGroupBytes = 4 << 20;

}  // namespace

struct GroupCommit::Waiting {
  rocksdb::WriteBatch& batch;
  std::size_t callers;
  rocksdb::Status status = {};
  bool leads = false;
  Waiting* next = nullptr;
  std::binary_semaphore woken{0};
};

namespace {

/// Copies a status, without its text if there is no memory for that.
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

rocksdb::Status GroupCommit::write(rocksdb::WriteBatch& batch, std::size_t callers) {
  Waiting self{batch, callers};
  std::unique_lock<std::mutex> lock(mutex_);
  (first_ == nullptr ? first_ : last_->next) = &self;
  last_ = &self;
  const bool complete = gathering_.on_arrival(callers);
  if (std::exchange(busy_, true)) {
    if (complete) arrived_.notify_one();
    lock.unlock();
    self.woken.acquire();
    if (!self.leads) return self.status;
    lock.lock();
  }
  gathering_.wait(lock, arrived_);
  const Group group = take_group();
  lock.unlock();
  const auto began = core::Gathering::Clock::now();
  write_group(group);
  const auto took = core::Gathering::Clock::now() - began;
  lock.lock();
  gathering_.end(group.callers, took);
  Waiting* const leader = first_;
  busy_ = leader != nullptr;
  lock.unlock();
  // Wakes the next group first, as the disk is idle.
  if (leader != nullptr) {
    leader->leads = true;
    leader->woken.release();
  }
  for (Waiting* each = group.first; each != nullptr;) {
    Waiting* const next = each->next;
    if (each != &self) each->woken.release();  // `each` may be gone after this
    each = next;
  }
  return std::move(self.status);
}

GroupCommit::Group GroupCommit::take_group() {
  Group group{first_, first_->callers};
  std::size_t bytes = first_->batch.GetDataSize();
  Waiting* end = first_;
  for (; end->next != nullptr; end = end->next) {
    bytes += end->next->batch.GetDataSize();
    if (bytes > kMostGroupBytes) break;
    group.callers += end->next->callers;
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
  const bool together = group.first->next != nullptr && merge(group, bytes);
  if (!together) {
    for (Waiting* each = group.first; each != nullptr; each = each->next) each->status = write_one(each->batch);
    return;
  }
  rocksdb::WriteBatch batch(std::move(bytes));
  const rocksdb::Status status = write_one(batch);
  for (Waiting* each = group.first; each != nullptr; each = each->next) each->status = copy_of(status);
}

}  // namespace stator::store
