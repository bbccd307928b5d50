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

/// Keeps the pages that are read (Query, Scan) and the batches that are written (BatchWriteItem) to so many capacity
/// units a second, by all threads together, so that a command on a whole table leaves the others their capacity. Pages
/// are made small enough for that (Limit); batches are not. Other operations pass.
class PacedEndpoint : public endpoint::Endpoint {
 public:
  /// `sleep` waits, and may throw.
  PacedEndpoint(std::unique_ptr<endpoint::Endpoint> endpoint, double units_per_second, Sleep sleep);

  using Endpoint::call;
  /// Waits until what was read and written before is paid for. What the reply does not say it cost is estimated from
  /// its size, or the request's.
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
  /// Waits until what was asked for before is paid for, and pays for what is expected of the next page or batch, so
  /// that other threads wait for that, too.
  Reserved reserve(std::optional<double> units_of_batch);
  [[nodiscard]] Time::duration cost(double units) const;
  void spend(std::string_view reply, double units, double reserved, bool is_page);

  std::unique_ptr<endpoint::Endpoint> endpoint_;
  const double units_per_second_;
  const Sleep sleep_;
  std::mutex mutex_;
  /// When everything so far is paid for.
  Time paid_{};
  /// Of pages: their items, and what these cost.
  std::uint64_t page_items_ = 4;
  double items_read_ = 0;
  double units_read_ = 0;
};

}  // namespace stator::toolkit
