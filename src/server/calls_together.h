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

/// Calls of one loop's connections that wait for the disk together: a thread of the pool runs what has come, lets it
/// reach the disk at once, and gives all of it back to the loop, as long as there is more. So a call costs neither a
/// thread nor a change of threads of its own. One that would have to wait for a lock goes with the next group, of which
/// it is the first; one that cannot be made together with others goes back to the loop, which makes it for itself.
class CallsTogether {
 public:
  explicit CallsTogether(EventLoop& loop);
  CallsTogether(const CallsTogether&) = delete;
  CallsTogether& operator=(const CallsTogether&) = delete;
  ~CallsTogether() = default;

  /// Takes the connections, each with a call that it has put off. Throws std::bad_alloc, with none of them taken.
  void add(std::vector<std::shared_ptr<Connection>>& connections);

 private:
  class Turn;
  struct Group;
  void run(Protocol& protocol) noexcept;
  void run_group(std::unique_lock<std::mutex>& lock, Protocol& protocol) noexcept;
  /// Runs what waits until the group is large, or late. `lock` is held before and after.
  void fill(Group& group, const endpoint::Together& together, std::unique_lock<std::mutex>& lock,
            Protocol& protocol) noexcept;
  [[nodiscard]] bool has_more() const { return !put_back_.empty() || !waiting_.empty(); }
  /// Gives all that wait back to the loop, each for itself; no thread runs them any more if this one `ends`.
  void give_up(bool ends) noexcept;

  EventLoop& loop_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Connection>> put_back_;  // they go before those that wait; has room for a group
  std::deque<std::shared_ptr<Connection>> waiting_;    // in the order in which they came
  bool busy_ = false;                                  // a thread runs them, or is about to
  std::condition_variable came_;                       // tells that thread while it gathers
  core::Gathering gathering_;
};

}  // namespace stator::server
