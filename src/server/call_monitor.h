#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

#include "server/run_queue_time.h"
#include "server/thread_pool.h"

namespace stator::server {

class EventLoop;

/// Watches, on a thread of its own, for event loops whose thread is busy with a long call, and has a thread of the pool
/// take those loops over. It checks every two milliseconds while there are calls, which costs a call two atomic
/// instructions; without calls it sleeps. A thread that only waits for a processor is left alone: another one would
/// wait too. (As in the Go scheduler's sysmon, where a system call keeps its processor unless it takes long.)
class CallMonitor {
 public:
  explicit CallMonitor(ThreadPool& pool);
  ~CallMonitor();
  CallMonitor(const CallMonitor&) = delete;
  CallMonitor& operator=(const CallMonitor&) = delete;

  void add(EventLoop& loop);
  /// Throws std::system_error where there is no thread for it.
  void start();
  /// The loops that were added may end after this.
  void stop();

  // From any thread:
  [[nodiscard]] bool asleep() const { return asleep_.load(std::memory_order_seq_cst); }
  void wake() noexcept;

 private:
  struct Watched {
    EventLoop* loop = nullptr;
    std::uint64_t seen = 0;                  // its call counter at the last check
    std::uint64_t taken_over = 0;            // the call that a thread was sent for
    std::optional<std::uint64_t> waited_ns;  // its thread's run queue time when the call was first found to be long
  };

  void run(const std::stop_token& stop);
  void look_at(Watched& watched);
  [[nodiscard]] bool all_quiet() const;

  ThreadPool& pool_;
  std::vector<Watched> watched_;
  std::atomic<bool> asleep_{true};
  std::jthread thread_;
};

}  // namespace stator::server
