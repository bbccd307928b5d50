#include "server/calls_together.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

#include "server/connection.h"
#include "server/event_loop.h"

namespace stator::server {
namespace {

/// Calls in one group: so few that none waits long for the others to run.
constexpr std::size_t kMost = 64;

std::unique_ptr<endpoint::Together> begin(Protocol& protocol) {
  try {
    return protocol.together();
  } catch (const std::exception&) {
    return nullptr;  // each call is made for itself, and says what is wrong
  }
}

std::exception_ptr commit(endpoint::Together& together) {
  try {
    together.commit();
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

}  // namespace

void CallsTogether::add(std::vector<std::shared_ptr<Connection>>& connections) {
  bool complete = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_.reserve(waiting_.size() + connections.size());
    complete = gathering_.come(connections.size());
    std::ranges::move(connections, std::back_inserter(waiting_));
    connections.clear();
    if (!std::exchange(busy_, true)) {
      try {
        loop_.pool().submit([this](Protocol& of_its_thread) { run(of_its_thread); });
      } catch (...) {
        busy_ = false;
        throw;
      }
      return;
    }
  }
  if (complete) came_.notify_one();
}

void CallsTogether::run(Protocol& protocol) noexcept {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!waiting_.empty()) run_group(lock, protocol);
  busy_ = false;
}

void CallsTogether::run_group(std::unique_lock<std::mutex>& lock, Protocol& protocol) noexcept {
  std::array<std::shared_ptr<Connection>, kMost> group;
  // Of those whose reply holds only if the writes succeed: where it begins.
  std::array<std::optional<ReplyBuffer::Mark>, kMost> depends;
  std::size_t size = 0;
  std::size_t answered = 0;
  // Before any lock of an item is held.
  gathering_.wait(lock, came_);
  std::unique_ptr<endpoint::Together> together;
  while (size < kMost && !waiting_.empty()) {
    const std::size_t first = size;
    size += std::min(kMost - first, waiting_.size());
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(size - first);
    std::move(waiting_.begin(), end, group.begin() + static_cast<std::ptrdiff_t>(first));
    waiting_.erase(waiting_.begin(), end);
    lock.unlock();
    if (together == nullptr) together = begin(protocol);
    for (std::size_t i = first; i < size; ++i) {
      if (group[i]->run_put_off(together.get(), protocol, depends[i])) ++answered;
    }
    lock.lock();
  }
  lock.unlock();
  const auto began = core::Gathering::Clock::now();
  const std::exception_ptr failure = together != nullptr ? commit(*together) : nullptr;
  const auto took = core::Gathering::Clock::now() - began;
  together.reset();
  if (failure != nullptr) {
    for (std::size_t i = 0; i < size; ++i) {
      if (depends[i]) group[i]->fail_put_off(*depends[i], failure, protocol);
    }
  }
  lock.lock();
  gathering_.end(answered, took);
  lock.unlock();
  Connection::return_put_off(loop_, std::span(group).first(size));
  lock.lock();
}

}  // namespace stator::server
