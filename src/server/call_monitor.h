#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <vector>

#include "server/thread_pool.h"

namespace stator::server {

class EventLoop;

/// Watches for event loops whose thread is held up by a call, and lets a thread of the pool take those over. It looks
/// every two milliseconds while there are calls, so a call pays for it with two atomic instructions; without calls it
/// sleeps. (The idea is that of the Go scheduler's sysmon: a system call keeps its processor unless it takes long.)
class CallMonitor {
 public:
  /// Runs on `context`, whose thread does nothing that takes long.
  CallMonitor(boost::asio::io_context& context, ThreadPool& pool);
  CallMonitor(const CallMonitor&) = delete;
  CallMonitor& operator=(const CallMonitor&) = delete;

  void add(EventLoop& loop);
  /// No call is taken note of after this.
  void stop();

  // From any thread:
  [[nodiscard]] bool asleep() const { return asleep_.load(std::memory_order_seq_cst); }
  void wake() noexcept;

 private:
  struct Watched {
    EventLoop* loop;
    std::uint64_t seen = 0;        // what its call counter was
    std::uint64_t taken_over = 0;  // the call that a thread was sent for
  };

  void schedule();
  void look();
  void look_at(Watched& watched);
  [[nodiscard]] bool all_quiet() const;

  boost::asio::io_context& context_;
  ThreadPool& pool_;
  boost::asio::steady_timer timer_;
  std::vector<Watched> watched_;
  unsigned quiet_looks_ = 0;
  bool stopped_ = false;
  std::atomic<bool> asleep_{true};
};

}  // namespace stator::server
