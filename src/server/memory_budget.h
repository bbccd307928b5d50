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
enum class BudgetPart : std::uint8_t {
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
  [[nodiscard]] std::size_t limit(BudgetPart part) const {
    return part == BudgetPart::kShared ? max_bytes_ : max_bytes_ + max_bytes_ / kSmallPart;
  }
  /// Whether something that will need more memory may be started.
  [[nodiscard]] bool has_room(BudgetPart part) const { return used() < limit(part); }
  /// Whether memory is short: buffers kept for later requests are then freed, and slow clients get less time.
  [[nodiscard]] bool under_pressure() const { return used() > max_bytes_ / 4 * 3; }

  /// Charges `bytes`; returns false and charges nothing if that would exceed the limit.
  [[nodiscard]] bool charge(std::size_t bytes, BudgetPart part) {
    if (bytes == 0) return true;
    if (used_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= limit(part)) return true;
    release(bytes);
    return false;
  }
  /// Charges memory that is already in use, regardless of the limit.
  void charge_unchecked(std::size_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void release(std::size_t bytes) {
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
  ~MemoryCharge() { budget_.release(bytes_); }
  MemoryCharge(const MemoryCharge&) = delete;
  MemoryCharge& operator=(const MemoryCharge&) = delete;

  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// Returns false and leaves the charge unchanged if the budget has no room.
  [[nodiscard]] bool grow_to(std::size_t bytes, BudgetPart part) {
    if (bytes <= bytes_) return true;
    if (!budget_.charge(bytes - bytes_, part)) return false;
    bytes_ = bytes;
    return true;
  }
  /// Sets the charge to what is held now, regardless of the budget's limit.
  void set(std::size_t bytes) {
    if (bytes > bytes_) budget_.charge_unchecked(bytes - bytes_);
    if (bytes < bytes_) budget_.release(bytes_ - bytes);
    bytes_ = bytes;
  }

 private:
  MemoryBudget& budget_;
  std::size_t bytes_ = 0;
};

}  // namespace stator::server
