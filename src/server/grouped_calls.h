#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "core/gathering.h"
#include "server/protocol.h"

namespace stator::server {

class Connection;
class EventLoop;

/// Runs those calls of one loop's connections that wait for the disk together: a thread of the pool runs the waiting
/// calls as a group, stores their writes with one wait for the disk, and returns the connections to the loop, for as
/// long as there are more. So a call needs neither a thread nor a change of threads for itself. A call that would have
/// to wait for a lock goes into the next group, as its first; one that cannot be combined with others goes back to the
/// loop, which runs it alone.
class GroupedCalls {
 public:
  explicit GroupedCalls(EventLoop& loop);
  GroupedCalls(const GroupedCalls&) = delete;
  GroupedCalls& operator=(const GroupedCalls&) = delete;
  ~GroupedCalls() = default;

  /// Takes the connections, each with a call that it has deferred. Throws std::bad_alloc, and then takes none.
  void add(std::vector<std::shared_ptr<Connection>>& connections);

 private:
  class Turn;
  struct Group;
  void run(Protocol& protocol) noexcept;
  void run_group(std::unique_lock<std::mutex>& lock, Protocol& protocol) noexcept;
  /// Runs waiting calls until the group is large or has taken long. `lock` is held before and after.
  void fill(Group& group, const endpoint::WriteGroup& writes, std::unique_lock<std::mutex>& lock,
            Protocol& protocol) noexcept;
  [[nodiscard]] bool has_more() const { return !put_back_.empty() || !waiting_.empty(); }
  /// Returns all waiting calls to the loop, to be run alone. `ends`: the calling thread stops running calls.
  void return_waiting_calls(bool ends) noexcept;

  EventLoop& loop_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Connection>> put_back_;  // run before `waiting_`; has room for a whole group
  std::deque<std::shared_ptr<Connection>> waiting_;    // in order of arrival
  bool busy_ = false;                                  // a thread runs calls, or is about to
  std::condition_variable arrived_;                    // wakes that thread while it gathers
  core::Gathering gathering_;
};

}  // namespace stator::server
