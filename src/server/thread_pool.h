#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "server/protocol.h"

namespace stator::server {

/// All threads of a server: they drive its event loops and run calls that would block a loop. Threads are created on
/// demand and end after some idle time. One spare is always kept, so that a loop can be taken over even if the system
/// refuses to create more threads.
class ThreadPool {
 public:
  /// Runs on a thread, with that thread's Protocol (and its buffers).
  using Task = std::function<void(Protocol&)>;
  using MakeProtocol = std::function<std::unique_ptr<Protocol>()>;

  /// Limits on the number of busy threads, event loops included. Each is higher than the one before.
  struct Limits {
    std::size_t calls;       // for `submit`, and for calls that usually take long
    std::size_t item_calls;  // for calls that rarely take long
    std::size_t all;         // for `run_now`: taking over an event loop must not fail
  };

  ThreadPool(MakeProtocol make_protocol, const Limits& limits);
  /// Waits for all tasks to end.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Creates the spare thread, after the event loops have theirs. Throws std::system_error.
  void add_spare();
  /// Runs the task at once, on its own thread. False: all threads are in use and no more can be created.
  bool run_now(Task task);
  /// Runs the task when a thread is free, in order of submission.
  void submit(Task task);
  [[nodiscard]] const Limits& limits() const { return limits_; }
  /// Number of threads that run a task or are about to.
  [[nodiscard]] std::size_t running() const { return running_.load(std::memory_order_relaxed); }
  /// Number of tasks waiting for a thread.
  [[nodiscard]] std::size_t waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
  }
  /// Waits until every task has ended; no task may be submitted after that.
  void join();

 private:
  bool place(Task& task, std::size_t limit);
  bool add_thread();
  void run();
  void take_from_waiting();
  void join_ended();

  const MakeProtocol make_protocol_;
  const Limits limits_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> ready_;               // each has a thread that will run it
  std::deque<Task> waiting_;             // waiting for a thread
  std::size_t idle_ = 0;                 // threads without a task, including those about to take a ready one
  std::atomic<std::size_t> running_{0};  // tasks that are running or ready
  bool ending_ = false;
  std::list<std::thread> threads_;
  std::list<std::thread> ended_;
};

}  // namespace stator::server
