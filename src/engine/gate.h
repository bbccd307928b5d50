#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace stator::engine {

/// Lets calls run concurrently until a thread closes it, which waits for all of them to end; new calls wait meanwhile.
/// A call costs two atomic changes of one word.
class Gate {
 public:
  /// Waits while the gate is closed. Throws store::StoreError after `fail`.
  void enter();
  /// Enters without waiting; false if the gate is closed, or after `fail`.
  [[nodiscard]] bool try_enter();
  void leave() noexcept {
    if ((state_.fetch_sub(1, std::memory_order_release) & ~kUsed) == (kClosed | 1)) state_.notify_all();
  }
  /// Whether a call is under way, or has entered since the last call of this function.
  [[nodiscard]] bool was_used() { return (state_.fetch_and(~kUsed, std::memory_order_relaxed) & ~kClosed) != 0; }

  /// Closes the gate, waits until all calls have left, and opens it at the end of its lifetime.
  class Closed {
   public:
    explicit Closed(Gate& gate);
    ~Closed();
    Closed(const Closed&) = delete;
    Closed& operator=(const Closed&) = delete;
    /// Calls that enter later throw this error: what the gate guards is gone.
    void fail(std::string why) { gate_.failure_ = std::move(why); }

   private:
    Gate& gate_;
    std::unique_lock<std::mutex> one_at_a_time_;
  };

 private:
  static constexpr std::uint32_t kClosed = 1U << 31;
  static constexpr std::uint32_t kUsed = 1U << 30;  // a call has entered since was_used; the lower bits count calls

  std::atomic<std::uint32_t> state_{0};
  std::mutex closing_;
  std::string failure_;  // changed only while closed
};

/// Enters a gate for its own lifetime.
class GatePass {
 public:
  explicit GatePass(Gate& gate) : gate_(gate) { gate_.enter(); }
  ~GatePass() { gate_.leave(); }
  GatePass(const GatePass&) = delete;
  GatePass& operator=(const GatePass&) = delete;
  [[nodiscard]] bool is_of(const Gate& gate) const { return &gate_ == &gate; }

 private:
  Gate& gate_;
};

}  // namespace stator::engine
