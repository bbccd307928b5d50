#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace stator::engine {

/// Lets calls through, many at once, until somebody needs all of them out: then newcomers wait. Costs a call two
/// changes of one word.
class Gate {
 public:
  /// Waits while the gate is closed. Throws store::StoreError after `fail`.
  void enter();
  void leave() noexcept {
    if (state_.fetch_sub(1, std::memory_order_release) == (kClosed | 1)) state_.notify_all();
  }

  /// Closes, waits until all have left, and opens again.
  class Closed {
   public:
    explicit Closed(Gate& gate);
    ~Closed();
    Closed(const Closed&) = delete;
    Closed& operator=(const Closed&) = delete;
    /// Whoever enters from now on is told this: there is nothing behind the gate any more.
    void fail(std::string why) { gate_.failure_ = std::move(why); }

   private:
    Gate& gate_;
    std::unique_lock<std::mutex> one_at_a_time_;
  };

 private:
  static constexpr std::uint32_t kClosed = 1U << 31;

  std::atomic<std::uint32_t> state_{0};
  std::mutex closing_;
  std::string failure_;  // written while closed
};

/// Passes through a gate for its own lifetime.
class GatePass {
 public:
  explicit GatePass(Gate& gate) : gate_(gate) { gate_.enter(); }
  ~GatePass() { gate_.leave(); }
  GatePass(const GatePass&) = delete;
  GatePass& operator=(const GatePass&) = delete;

 private:
  Gate& gate_;
};

}  // namespace stator::engine
