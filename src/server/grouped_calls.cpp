#include "server/grouped_calls.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

#include "server/connection.h"
#include "server/event_loop.h"

namespace stator::server {
namespace {

using Clock = core::Gathering::Clock;

/// Most calls in a group, and the longest time before they are stored, so that no call waits long for the others.
constexpr std::size_t kMost = 64;
constexpr std::chrono::milliseconds kMostTime{2};

std::unique_ptr<endpoint::WriteGroup> begin(Protocol& protocol) {
  try {
    return protocol.begin_write_group();
  } catch (const std::exception&) {
    return nullptr;  // then each call runs alone, and reports the error
  }
}

std::exception_ptr commit(endpoint::WriteGroup& writes) {
  try {
    writes.commit();
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

}  // namespace

/// The right to run waiting calls. If it is destroyed unused (there was no memory for a thread, say), the calls go back
/// to the loop.
class GroupedCalls::Turn {
 public:
  explicit Turn(GroupedCalls& calls) : calls_(&calls) {}
  ~Turn() {
    if (calls_ != nullptr) calls_->return_waiting_calls(true);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  void use(Protocol& protocol) noexcept { std::exchange(calls_, nullptr)->run(protocol); }

 private:
  GroupedCalls* calls_;
};

struct GroupedCalls::Group {
  std::array<std::shared_ptr<Connection>, kMost> calls;
  // For calls whose reply is valid only if the writes succeed: where the reply begins.
  std::array<std::optional<ReplyBuffer::Mark>, kMost> depends;
  std::size_t size = 0;
};

GroupedCalls::GroupedCalls(EventLoop& loop) : loop_(loop) { put_back_.reserve(kMost); }

void GroupedCalls::add(std::vector<std::shared_ptr<Connection>>& connections) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_.insert(waiting_.end(), std::make_move_iterator(connections.begin()),
                    std::make_move_iterator(connections.end()));
    const bool complete = gathering_.on_arrival(connections.size());
    connections.clear();
    if (std::exchange(busy_, true)) {
      if (complete) arrived_.notify_one();
      return;
    }
  }
  try {
    const auto turn = std::make_shared<Turn>(*this);
    loop_.pool().submit([turn](Protocol& of_its_thread) { turn->use(of_its_thread); });
  } catch (const std::bad_alloc&) {
    // Memory may have run out before there was a Turn to give them up.
    return_waiting_calls(true);
  }
}

void GroupedCalls::return_waiting_calls(bool ends) noexcept {
  std::array<std::shared_ptr<Connection>, kMost> some;
  for (bool more = true; more;) {
    std::size_t size = 0;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      size = put_back_.size();
      std::ranges::move(put_back_, some.begin());
      put_back_.clear();
      for (; size < kMost && !waiting_.empty(); ++size) {
        some[size] = std::move(waiting_.front());
        waiting_.pop_front();
      }
      more = !waiting_.empty();
      busy_ = more || !ends;
    }
    for (std::size_t i = 0; i < size; ++i) some[i]->mark_to_run_alone();
    Connection::return_connections(loop_, std::span(some).first(size));
  }
}

void GroupedCalls::run(Protocol& protocol) noexcept {
  std::unique_lock<std::mutex> lock(mutex_);
  while (has_more()) run_group(lock, protocol);
  busy_ = false;
}

void GroupedCalls::run_group(std::unique_lock<std::mutex>& lock, Protocol& protocol) noexcept {
  // This waits before any item's lock is held.
  if (put_back_.size() + waiting_.size() < kMost) gathering_.wait(lock, arrived_);
  lock.unlock();
  std::unique_ptr<endpoint::WriteGroup> writes = begin(protocol);
  if (writes == nullptr) {
    return_waiting_calls(false);
    lock.lock();
    return;
  }
  lock.lock();
  Group group;
  fill(group, *writes, lock, protocol);
  lock.unlock();
  const Clock::time_point began = Clock::now();
  const std::exception_ptr failure = commit(*writes);
  const Clock::duration took = Clock::now() - began;
  writes.reset();
  for (std::size_t i = 0; i < group.size; ++i) group.calls[i]->end_in_group(group.depends[i], failure, protocol);
  lock.lock();
  gathering_.end(group.size, took);
  lock.unlock();
  Connection::return_connections(loop_, std::span(group.calls).first(group.size));
  lock.lock();
}

void GroupedCalls::fill(Group& group, const endpoint::WriteGroup& writes, std::unique_lock<std::mutex>& lock,
                        Protocol& protocol) noexcept {
  std::array<std::shared_ptr<Connection>, kMost> later;
  std::size_t later_size = 0;
  std::size_t taken_back = 0;
  const Clock::time_point until = Clock::now() + kMostTime;
  while ((taken_back < put_back_.size() || !waiting_.empty()) && group.size + later_size < kMost && !writes.is_full() &&
         Clock::now() < until) {
    std::shared_ptr<Connection> connection;
    if (taken_back < put_back_.size()) {
      connection = std::move(put_back_[taken_back++]);
    } else {
      connection = std::move(waiting_.front());
      waiting_.pop_front();
    }
    lock.unlock();
    const Connection::GroupedOutcome done = connection->run_in_group(writes, protocol, group.depends[group.size]);
    if (done == Connection::GroupedOutcome::kAnswered) {
      group.calls[group.size++] = std::move(connection);
    } else if (done == Connection::GroupedOutcome::kLater) {
      later[later_size++] = std::move(connection);
    } else {
      Connection::return_connections(loop_, {&connection, 1});
    }
    lock.lock();
  }
  // At most as many calls are put back as were taken from `put_back_`, unless everything in it was taken.
  put_back_.erase(put_back_.begin(), put_back_.begin() + static_cast<std::ptrdiff_t>(taken_back));
  std::move(later.begin(), later.begin() + static_cast<std::ptrdiff_t>(later_size), std::back_inserter(put_back_));
}

}  // namespace stator::server
