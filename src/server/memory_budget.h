#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace stator::server {

/// Whose part of the budget a request is charged to.
enum class Room : std::uint8_t {
  kShared,
  /// Of requests that are small and whose replies are small: a part that large ones cannot use up.
  kSmall,
};

/// What the connections of a server hold together: their input, and the replies that their clients have not read yet.
/// Safe to use from several threads.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  [[nodiscard]] std::size_t used() const { return used_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t limit(Room room) const {
    return room == Room::kShared ? max_bytes_ : max_bytes_ + max_bytes_ / kSmallPart;
  }
  /// Whether something may be begun that will need more.
  [[nodiscard]] bool has_room(Room room) const { return used() < limit(room); }
  /// Then what is only kept for the next request is given back, and who is slow gets less time.
  [[nodiscard]] bool under_pressure() const { return used() > max_bytes_ / 4 * 3; }

  /// False, and nothing is charged, when `bytes` more would be too many.
  [[nodiscard]] bool take(std::size_t bytes, Room room) {
    if (bytes == 0) return true;
    if (used_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= limit(room)) return true;
    give(bytes);
    return false;
  }
  /// For what is there already.
  void take_anyway(std::size_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void give(std::size_t bytes) {
    [[maybe_unused]] const std::size_t before = used_.fetch_sub(bytes, std::memory_order_relaxed);
    assert(before >= bytes);
  }

 private:
  static constexpr std::size_t kSmallPart = 4;

  const std::size_t max_bytes_;
  std::atomic<std::size_t> used_{0};
};

/// What one holder is charged with; given back with it, however it ends.
class MemoryCharge {
 public:
  explicit MemoryCharge(MemoryBudget& budget) : budget_(budget) {}
  ~MemoryCharge() { budget_.give(bytes_); }
  MemoryCharge(const MemoryCharge&) = delete;
  MemoryCharge& operator=(const MemoryCharge&) = delete;

  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// False, and the charge stays as it is, when there is no room for so much.
  [[nodiscard]] bool grow_to(std::size_t bytes, Room room) {
    if (bytes <= bytes_) return true;
    if (!budget_.take(bytes - bytes_, room)) return false;
    bytes_ = bytes;
    return true;
  }
  /// What is held by now, whether there was room for it or not.
  void set(std::size_t bytes) {
    if (bytes > bytes_) budget_.take_anyway(bytes - bytes_);
    if (bytes < bytes_) budget_.give(bytes_ - bytes);
    bytes_ = bytes;
  }

 private:
  MemoryBudget& budget_;
  std::size_t bytes_ = 0;
};

}  // namespace stator::server
