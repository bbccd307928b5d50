#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "postgres/connection.h"

namespace stator::postgres {

/// At most `size` connections to one target, made when first needed, lent to one thread at a time and reused. A
/// connection that broke, or was returned inside a transaction, is dropped. The pool must outlive its leases.
class Pool {
 public:
  class Lease {
   public:
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }

   private:
    friend class Pool;
    Lease(Pool& pool, std::unique_ptr<Connection> connection) : pool_(&pool), connection_(std::move(connection)) {}
    Pool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  Pool(Target target, std::size_t size) : target_(std::move(target)), free_slots_(size) {}

  /// Waits until a connection is free. Throws Error (kTimeout) after `wait`, (kConnect) where a new one cannot be made.
  Lease checkout(std::chrono::milliseconds wait = std::chrono::seconds(30));

 private:
  void give_back(std::unique_ptr<Connection> connection);
  void release_slot();

  Target target_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::size_t free_slots_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace stator::postgres
