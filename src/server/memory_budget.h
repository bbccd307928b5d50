#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace stator::server {

/// Requests up to this size have their own part of the budget, and the memory for making their answers is not counted.
inline constexpr std::size_t kSmallRequestBytes = std::size_t{64} * 1024;

/// Which part of the budget a request may use.
enum class Room : std::uint8_t {
  kShared,
  /// Also the reserve for small requests with small replies, which large ones cannot use.
  kSmall,
};

/// Counts the bytes that all connections of a server hold: their input, and the replies that clients have not read yet.
/// Safe to use from several threads.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  [[nodiscard]] std::size_t used() const { return used_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t limit(Room room) const {
    return room == Room::kShared ? max_bytes_ : max_bytes_ + max_bytes_ / kSmallPart;
  }
  /// Whether something that will need more memory may be started.
  [[nodiscard]] bool has_room(Room room) const { return used() < limit(room); }
  /// Whether memory is short: buffers kept for later requests are then freed, and slow clients get less time.
  [[nodiscard]] bool under_pressure() const { return used() > max_bytes_ / 4 * 3; }

  /// Charges `bytes`; returns false and charges nothing if that would exceed the limit.
  [[nodiscard]] bool take(std::size_t bytes, Room room) {
    if (bytes == 0) return true;
    if (used_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= limit(room)) return true;
    give(bytes);
    return false;
  }
  /// Charges memory that is already in use, regardless of the limit.
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

/// The charge of one holder, returned by the destructor.
class MemoryCharge {
 public:
  explicit MemoryCharge(MemoryBudget& budget) : budget_(budget) {}
  ~MemoryCharge() { budget_.give(bytes_); }
  MemoryCharge(const MemoryCharge&) = delete;
  MemoryCharge& operator=(const MemoryCharge&) = delete;

  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// Returns false and leaves the charge unchanged if the budget has no room.
  [[nodiscard]] bool grow_to(std::size_t bytes, Room room) {
    if (bytes <= bytes_) return true;
    if (!budget_.take(bytes - bytes_, room)) return false;
    bytes_ = bytes;
    return true;
  }
  /// Sets the charge to what is held now, regardless of the budget's limit.
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
