#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "endpoint/embedded.h"

namespace stator::cache {

/// The engine in memory as a cache's upstream: counts requests, and calls a test's hooks before and after each.
class ProbedEndpoint : public endpoint::Endpoint {
 public:
  using Hook = std::function<void(const endpoint::Request& request)>;

  ProbedEndpoint() : engine_(endpoint_options()) {}

  using Endpoint::call;
  void call(const endpoint::Request& request, std::string& reply) override {
    {
      const std::lock_guard lock(mutex_);
      ++calls_[std::string(request.operation)];
      bodies_[std::string(request.operation)] = request.body;
    }
    if (before) before(request);
    engine_.call(request, reply);
    if (after) after(request);
  }
  [[nodiscard]] std::string describe() const override { return "probe"; }

  [[nodiscard]] int calls(const std::string& operation) const {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(operation);
    return found == calls_.end() ? 0 : found->second;
  }
  [[nodiscard]] std::string last_body(const std::string& operation) const {
    const std::lock_guard lock(mutex_);
    const auto found = bodies_.find(operation);
    return found == bodies_.end() ? "" : found->second;
  }
  /// Asks the engine directly: neither counted nor hooked.
  std::string ask(std::string_view operation, std::string_view body) { return engine_.call(operation, body); }

  Hook before;
  Hook after;

 private:
  static engine::Options endpoint_options() {
    engine::Options options;
    options.jobs_paused = true;
    return options;
  }

  endpoint::Embedded engine_;
  mutable std::mutex mutex_;
  std::map<std::string, int> calls_;
  std::map<std::string, std::string> bodies_;
};

}  // namespace stator::cache
