#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "store/disk_store.h"

namespace stator::store {

/// Prepares the store for the next restore, and closes and removes replaced ones, on a thread that starts with the
/// first restore. Repeated restores of one checkpoint, as in a test suite, then wait for neither.
class NextStore {
 public:
  using Make = std::function<std::unique_ptr<DiskStore>(const std::filesystem::path& checkpoint)>;

  explicit NextStore(Make make) : make_(std::move(make)) {}
  /// Finishes the work handed over.
  ~NextStore();
  NextStore(const NextStore&) = delete;
  NextStore& operator=(const NextStore&) = delete;

  /// Returns a store with the content of the checkpoint (an empty path: an empty store), prepared or made by this call.
  /// Throws StoreError.
  std::unique_ptr<DiskStore> get_or_make(const std::filesystem::path& checkpoint);
  /// Later, on the thread: closes and removes `old`, and prepares a store for the same checkpoint.
  void replace_later(std::unique_ptr<DiskStore> old, const std::filesystem::path& checkpoint);
  /// Later, on the thread: replaces a checkpoint that has writes in logs with one of the same state that has none.
  void settle(const std::filesystem::path& checkpoint);
  /// Call this before the checkpoint changes: removes the store prepared from it.
  void discard_prepared(const std::filesystem::path& checkpoint);

 private:
  /// Returns the prepared store if it is for this checkpoint. Waits while it is being prepared.
  std::unique_ptr<DiskStore> take_prepared(const std::filesystem::path& checkpoint);
  void start();
  void run();
  /// Returns null if the store cannot be made; the restore then tries again and reports the error.
  std::unique_ptr<DiskStore> prepare(const std::filesystem::path& checkpoint) noexcept;

  const Make make_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<std::filesystem::path> wanted_;  // to be prepared
  std::deque<std::filesystem::path> to_settle_;
  std::optional<std::filesystem::path> current_;  // being prepared
  std::optional<std::filesystem::path> prepared_for_;
  std::unique_ptr<DiskStore> prepared_;
  std::deque<std::unique_ptr<DiskStore>> old_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace stator::store
