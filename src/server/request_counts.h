#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "api/operations.h"
#include "core/api_error.h"
#include "core/metrics.h"

namespace stator::server {

/// Counts a server's requests by operation and status, and measures how long they took. Each thread has its own
/// counters, so that threads do not contend for cache lines.
class RequestCounts {
 public:
  /// The number of an operation. Requests for none of the API's operations (health, own paths, faulty ones) share one.
  using OperationNumber = std::size_t;
  static constexpr OperationNumber kOther = std::size(api::kOperations);
  static OperationNumber number_of(std::string_view operation) {
    const api::Operation* const found = api::find_operation(operation);
    return found == nullptr ? kOther : static_cast<OperationNumber>(found - std::begin(api::kOperations));
  }

  class Part;
  /// The counters that one thread uses during its lifetime; another thread can continue with them later.
  class ThreadCounters {
   public:
    explicit ThreadCounters(RequestCounts& all);
    ~ThreadCounters();
    ThreadCounters(const ThreadCounters&) = delete;
    ThreadCounters& operator=(const ThreadCounters&) = delete;

    /// Counts an answered request; `body_bytes` is the size of the reply's body.
    void count(OperationNumber operation, unsigned status, std::chrono::nanoseconds taken,
               std::size_t body_bytes) noexcept;
    void count_error(core::ErrorCode code) noexcept;
    /// Like RequestCounts::number_of, but faster if the operation is that of the previous request.
    OperationNumber number_of(std::string_view operation) {
      const bool again = last_ != kOther && api::kOperations[last_].name == operation;
      return again ? last_ : last_ = RequestCounts::number_of(operation);
    }

   private:
    RequestCounts& all_;
    Part& part_;
    OperationNumber last_ = kOther;
  };

  RequestCounts();
  ~RequestCounts();
  RequestCounts(const RequestCounts&) = delete;
  RequestCounts& operator=(const RequestCounts&) = delete;

  void append(core::MetricsText& out) const;

 private:
  Part& take();
  void give_back(Part& part);

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Part>> parts_;
  std::vector<Part*> free_;
};

}  // namespace stator::server
