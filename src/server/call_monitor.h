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

/// A thread that looks for event loops whose thread is busy with a long call, and makes a thread of the pool take those
/// loops over. It checks every two milliseconds while there are calls, which costs each call two atomic instructions;
/// without calls it sleeps. A loop whose thread only waits for a processor is left alone, as another thread would wait
/// too. (Like sysmon in Go's scheduler, where a system call keeps its processor unless it takes long.)
class CallMonitor {
 public:
  explicit CallMonitor(ThreadPool& pool);
  ~CallMonitor();
  CallMonitor(const CallMonitor&) = delete;
  CallMonitor& operator=(const CallMonitor&) = delete;

  void add(EventLoop& loop);
  /// Throws std::system_error if no thread can be created.
  void start();
  /// After this, the added loops may end.
  void stop();

  // These may be called from any thread:
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
  void check(Watched& watched);
  [[nodiscard]] bool all_quiet() const;

  ThreadPool& pool_;
  std::vector<Watched> watched_;
  std::atomic<bool> asleep_{true};
  std::jthread thread_;
};

}  // namespace stator::server
