#include "store/next_store.h"

#include <exception>
#include <system_error>
#include <utility>

#include "store/checkpoint.h"
#include "store/marker.h"
#include "store/store_number.h"

namespace stator::store {

namespace {

namespace fs = std::filesystem;

/// A log of this size takes as long to restore as the rest of a checkpoint.
constexpr std::uintmax_t kLargeLogBytes = 1 << 20;

bool has_large_logs(const fs::path& checkpoint) {
  if (checkpoint.empty()) return false;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(store_folder(checkpoint, 0), error)) {
    if (entry.path().extension() == ".log" && entry.file_size(error) >= kLargeLogBytes) return true;
  }
  return false;
}

/// Replaces `checkpoint`, from which `store` was made, with a settled checkpoint of `store`, atomically.
void replace_checkpoint(DiskStore& store, const fs::path& checkpoint) {
  const fs::path settled = checkpoint.parent_path() / kSettledCheckpoint;
  delete_checkpoint(settled);
  store.checkpoint(settled, CheckpointKind::kSettled);
  fs::last_write_time(settled / kMarkerFile, fs::last_write_time(checkpoint / kMarkerFile));
  // If the file system cannot exchange two names, the checkpoint stays as it is.
  exchange_checkpoints(settled, checkpoint);
  delete_checkpoint(settled);
}

}  // namespace

NextStore::~NextStore() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    wanted_.reset();
    to_settle_.clear();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (prepared_ != nullptr) old_.push_back(std::move(prepared_));
  for (const std::unique_ptr<DiskStore>& store : old_) store->remove();
}

std::unique_ptr<DiskStore> NextStore::get_or_make(const fs::path& checkpoint) {
  std::unique_ptr<DiskStore> store = take_prepared(checkpoint);
  return store != nullptr ? std::move(store) : make_(checkpoint);
}

std::unique_ptr<DiskStore> NextStore::take_prepared(const fs::path& checkpoint) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [&] { return current_ != checkpoint; });
  if (wanted_ == checkpoint) wanted_.reset();
  std::erase(to_settle_, checkpoint);
  if (prepared_for_ != checkpoint) return nullptr;
  prepared_for_.reset();
  return std::move(prepared_);
}

void NextStore::replace_later(std::unique_ptr<DiskStore> old, const fs::path& checkpoint) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    old_.push_back(std::move(old));
    // A store prepared for another checkpoint is not likely to be needed.
    if (prepared_ != nullptr) old_.push_back(std::move(prepared_));
    prepared_for_.reset();
    wanted_ = checkpoint;
  }
  start();
}

void NextStore::settle(const fs::path& checkpoint) {
  if (!has_large_logs(checkpoint)) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    to_settle_.push_back(checkpoint);
  }
  start();
}

void NextStore::start() {
  changed_.notify_all();
  if (thread_.joinable()) return;
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    // Without the thread restores are slower; the next one tries again to start it.
  }
}

void NextStore::discard_prepared(const fs::path& checkpoint) {
  std::unique_ptr<DiskStore> outdated = take_prepared(checkpoint);
  if (outdated != nullptr) outdated->remove();
}

std::unique_ptr<DiskStore> NextStore::prepare(const fs::path& checkpoint) noexcept {
  std::unique_ptr<DiskStore> made;
  try {
    made = make_(checkpoint);
    if (has_large_logs(checkpoint)) replace_checkpoint(*made, checkpoint);
    return made;
  } catch (const std::exception&) {
    if (made != nullptr) made->remove();
    return nullptr;
  }
}

void NextStore::run() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || wanted_ || !to_settle_.empty() || !old_.empty(); });
    if (wanted_ || !to_settle_.empty()) {
      // What is wanted comes first: the next restore waits for it.
      if (wanted_) {
        current_ = std::exchange(wanted_, std::nullopt);
      } else {
        current_ = std::move(to_settle_.front());
        to_settle_.pop_front();
      }
      const fs::path checkpoint = *current_;
      lock.unlock();
      std::unique_ptr<DiskStore> made = prepare(checkpoint);
      lock.lock();
      if (prepared_ != nullptr) old_.push_back(std::move(prepared_));
      prepared_for_.reset();
      if (made != nullptr) prepared_for_ = checkpoint;
      prepared_ = std::move(made);
      current_.reset();
      changed_.notify_all();
    } else if (!old_.empty()) {
      const std::unique_ptr<DiskStore> store = std::move(old_.front());
      old_.pop_front();
      lock.unlock();
      store->remove();
      lock.lock();
    } else {
      return;
    }
  }
}

}  // namespace stator::store
