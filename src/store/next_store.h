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

/// Prepares the store that the next restore will need, and closes and removes replaced ones, on a thread that begins
/// with the first restore. Who restores one checkpoint again and again, as a test suite does, then waits for neither.
class NextStore {
 public:
  using Make = std::function<std::unique_ptr<DiskStore>(const std::filesystem::path& checkpoint)>;

  explicit NextStore(Make make) : make_(std::move(make)) {}
  /// Finishes what was handed over.
  ~NextStore();
  NextStore(const NextStore&) = delete;
  NextStore& operator=(const NextStore&) = delete;

  /// The store with what the checkpoint holds (an empty path: nothing), prepared or made now. Throws StoreError.
  std::unique_ptr<DiskStore> take(const std::filesystem::path& checkpoint);
  /// Closes and removes `old`, and prepares a store for the same checkpoint, later.
  void follow_up(std::unique_ptr<DiskStore> old, const std::filesystem::path& checkpoint);
  /// Replaces the checkpoint, if it has writes in logs, with one of the same state that has none, later.
  void settle(const std::filesystem::path& checkpoint);
  /// The checkpoint is about to change: what was prepared from it is removed.
  void forget(const std::filesystem::path& checkpoint);

 private:
  /// The prepared store, if it is for this checkpoint. Waits while it is being prepared.
  std::unique_ptr<DiskStore> take_prepared(const std::filesystem::path& checkpoint);
  void start();
  void run();
  /// Null where it cannot be made; the restore tries again, and then whoever asked for it is told.
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
