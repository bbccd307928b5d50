#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "endpoint/endpoint.h"
#include "toolkit/call.h"

namespace stator::toolkit {

/// Limits reads of pages (Query, Scan) and writes of batches (BatchWriteItem) to a rate in capacity units a second, for
/// all threads together, so that a command on a whole table leaves capacity to others. Pages are made small enough for
/// that (Limit); batches are not. Other operations pass.
class PacedEndpoint : public endpoint::Endpoint {
 public:
  /// `sleep` waits, and may throw.
  PacedEndpoint(std::unique_ptr<endpoint::Endpoint> endpoint, double units_per_second, Sleep sleep);

  using Endpoint::call;
  /// Waits until the earlier reads and writes are paid for. If the reply does not say what it consumed, that is
  /// estimated from the size of a page's reply or a batch's request.
  void call(const endpoint::Request& request, std::string& reply) override;
  [[nodiscard]] endpoint::Effort effort(std::string_view operation) const override {
    return endpoint_->effort(operation);
  }
  [[nodiscard]] std::string describe() const override { return endpoint_->describe(); }

 private:
  using Time = std::chrono::steady_clock::time_point;

  struct Reserved {
    double units = 0;
    /// The most items that the page may read; 0 for a batch.
    std::uint64_t items = 0;
  };
  /// Waits until the earlier requests are paid for, then charges what the next page or batch is expected to consume, so
  /// that other threads wait for that, too.
  Reserved reserve(std::optional<double> units_of_batch);
  [[nodiscard]] Time::duration cost(double units) const;
  void spend(std::string_view reply, double units, double reserved, bool is_page);

  std::unique_ptr<endpoint::Endpoint> endpoint_;
  const double units_per_second_;
  const Sleep sleep_;
  std::mutex mutex_;
  /// When everything charged so far is paid for.
  Time paid_{};
  /// The Limit of the next page; and the items and units of all pages so far.
  std::uint64_t page_items_ = 4;
  double items_read_ = 0;
  double units_read_ = 0;
};

}  // namespace stator::toolkit
