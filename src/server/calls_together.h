#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "core/gathering.h"
#include "server/protocol.h"

namespace stator::server {

class Connection;
class EventLoop;

/// Calls of one loop's connections that wait for the disk together: a thread of the pool runs what has come (Connection
/// ::run), lets it reach the disk at once, and gives all of it back to the loop, as long as there is more. So a call
/// costs neither a thread nor a change of threads of its own.
class CallsTogether {
 public:
  explicit CallsTogether(EventLoop& loop) : loop_(loop) {}
  CallsTogether(const CallsTogether&) = delete;
  CallsTogether& operator=(const CallsTogether&) = delete;
  ~CallsTogether() = default;

  /// Takes the connections, each with a call that it has put off. Throws std::bad_alloc; it has none of them then, or
  /// all.
  void add(std::vector<std::shared_ptr<Connection>>& connections);

 private:
  void run(Protocol& protocol) noexcept;
  void run_group(std::unique_lock<std::mutex>& lock, Protocol& protocol) noexcept;

  EventLoop& loop_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Connection>> waiting_;  // in the order in which they came
  bool busy_ = false;                                 // a thread runs them, or is about to
  std::condition_variable came_;                      // tells that thread while it gathers
  core::Gathering gathering_;
};

}  // namespace stator::server
