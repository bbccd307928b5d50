#include "server/thread_pool.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

namespace stator::server {
namespace {

constexpr auto kIdleTime = std::chrono::seconds(10);

}  // namespace

ThreadPool::ThreadPool(MakeProtocol make_protocol, const Limits& limits)
    : make_protocol_(std::move(make_protocol)), limits_(limits) {}

ThreadPool::~ThreadPool() { join(); }

void ThreadPool::add_spare() {
  const std::lock_guard lock(mutex_);
  threads_.emplace_back([this] { run(); });
  ++idle_;
}

bool ThreadPool::run_now(Task task) {
  const std::lock_guard lock(mutex_);
  return place(task, limits_.all);
}

void ThreadPool::submit(Task task) {
  const std::lock_guard lock(mutex_);
  if (!waiting_.empty() || !place(task, limits_.calls)) waiting_.push_back(std::move(task));
}

bool ThreadPool::place(Task& task, std::size_t limit) {
  if (running_ >= limit) return false;
  if (idle_ <= ready_.size() && !add_thread()) return false;
  ready_.push_back(std::move(task));
  ++running_;
  wake_.notify_one();
  return true;
}

bool ThreadPool::add_thread() {
  join_ended();
  try {
    threads_.emplace_back([this] { run(); });
  } catch (const std::system_error& error) {
    spdlog::warn("cannot start a thread: {}; calls wait for those there are", error.what());
    return false;
  }
  ++idle_;
  return true;
}

void ThreadPool::take_from_waiting() {
  if (waiting_.empty() || running_ >= limits_.calls) return;
  ready_.push_back(std::move(waiting_.front()));
  waiting_.pop_front();
  ++running_;
}

void ThreadPool::run() {
  std::unique_ptr<Protocol> protocol;
  std::unique_lock lock(mutex_);
  while (true) {
    const bool woken = wake_.wait_for(lock, kIdleTime, [this] { return !ready_.empty() || ending_; });
    if (!ready_.empty()) {
      Task task = std::move(ready_.front());
      ready_.pop_front();
      --idle_;
      lock.unlock();
      try {
        if (!protocol) protocol = make_protocol_();
        task(*protocol);
      } catch (const std::exception& error) {
        spdlog::error("a task of the server failed: {}", error.what());
      }
      task = nullptr;
      lock.lock();
      ++idle_;
      --running_;
      take_from_waiting();
      continue;
    }
    if (ending_) return;
    if (!woken && idle_ > 1) break;
  }
  // The thread ends, which also frees its parser and buffers.
  --idle_;
  const auto self = std::find_if(threads_.begin(), threads_.end(), [](const std::thread& thread) {
    return thread.get_id() == std::this_thread::get_id();
  });
  ended_.splice(ended_.end(), threads_, self);
}

void ThreadPool::join_ended() {
  for (std::thread& thread : ended_) thread.join();
  ended_.clear();
}

void ThreadPool::join() {
  std::list<std::thread> all;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    all.splice(all.end(), threads_);
    all.splice(all.end(), ended_);
  }
  wake_.notify_all();
  for (std::thread& thread : all) thread.join();
}

}  // namespace stator::server
