#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "api/account.h"
#include "core/clock.h"
#include "core/metrics.h"
#include "endpoint/endpoint.h"
#include "simulate/rules.h"

namespace stator::simulate {

/// Simulates faults between an endpoint and its callers: throttling, errors, slow replies, cut connections, unprocessed
/// members of batches, short pages; by rules and a seed. What happens to the n-th request that matches a rule depends
/// only on the seed and n, so a run with the same order of requests has the same faults.
class Simulating : public endpoint::Endpoint {
 public:
  /// `upstream` must outlive it. `account_id` is used in the ARNs of errors.
  explicit Simulating(endpoint::Endpoint& upstream, const core::Clock& clock = core::Clock::system(),
                      std::string account_id = api::kDefaultAccountId);
  ~Simulating() override;
  Simulating(const Simulating&) = delete;
  Simulating& operator=(const Simulating&) = delete;

  /// Replaces the rules; counters and times start again.
  void set_rules(Rules rules);
  /// Appends each rule's name and how many requests it matched and affected, as JSON.
  void append_state(std::string& out) const;
  /// The same for Prometheus.
  void append_metrics(core::MetricsText& out) const;

  using Endpoint::call;
  void call(const endpoint::Request& request, std::string& reply) override;
  [[nodiscard]] endpoint::Effort effort(std::string_view operation) const override;
  [[nodiscard]] std::string describe() const override;

 private:
  struct Script;
  [[nodiscard]] std::shared_ptr<Script> script() const;

  endpoint::Endpoint& upstream_;
  const core::Clock& clock_;
  const std::string account_id_;
  mutable std::mutex mutex_;
  std::shared_ptr<Script> script_;
};

}  // namespace stator::simulate
