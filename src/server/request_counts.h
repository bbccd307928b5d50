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

/// Counts the requests of a server by operation and status, and how long they took. Each thread counts for itself, so
/// that none waits for another's processor.
class RequestCounts {
 public:
  /// An operation, as a number; those that are none of the API's (health, own paths, faulty requests) have one
  /// together.
  using OperationNumber = std::size_t;
  static constexpr OperationNumber kOther = std::size(api::kOperations);
  static OperationNumber number_of(std::string_view operation) {
    const api::Operation* const found = api::find_operation(operation);
    return found == nullptr ? kOther : static_cast<OperationNumber>(found - std::begin(api::kOperations));
  }

  class Part;
  /// The counts of one thread for as long as it needs them; another one goes on with them later.
  class Own {
   public:
    explicit Own(RequestCounts& all);
    ~Own();
    Own(const Own&) = delete;
    Own& operator=(const Own&) = delete;

    /// A request was answered; `body_bytes` are those of the reply.
    void count(OperationNumber operation, unsigned status, std::chrono::nanoseconds taken,
               std::size_t body_bytes) noexcept;
    void count_error(core::ErrorCode code) noexcept;
    /// RequestCounts::number_of, which is often that of the request before.
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
