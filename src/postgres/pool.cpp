#include "postgres/pool.h"

#include <utility>

namespace stator::postgres {

Pool::Lease::~Lease() {
  if (connection_) pool_->give_back(std::move(connection_));
}

Pool::Lease Pool::checkout(std::chrono::milliseconds wait) {
  std::unique_ptr<Connection> connection;
  {
    std::unique_lock lock(mutex_);
    if (!freed_.wait_for(lock, wait, [this] { return free_slots_ > 0; })) {
      throw Error(ErrorKind::kTimeout,
                  "no connection became free within " + std::to_string(wait.count()) + " ms: all are in use");
    }
    --free_slots_;
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  try {
    if (!connection) connection = std::make_unique<Connection>(target_);
  } catch (...) {
    release_slot();
    throw;
  }
  return {*this, std::move(connection)};
}

void Pool::give_back(std::unique_ptr<Connection> connection) {
  if (connection->is_broken() || connection->in_transaction()) connection.reset();
  {
    const std::lock_guard lock(mutex_);
    if (connection) idle_.push_back(std::move(connection));
  }
  release_slot();
}

void Pool::release_slot() {
  {
    const std::lock_guard lock(mutex_);
    ++free_slots_;
  }
  freed_.notify_one();
}

}  // namespace stator::postgres
