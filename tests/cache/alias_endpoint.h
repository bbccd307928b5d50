#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "endpoint/endpoint.h"

/// Helpers for tests of caches whose upstream is also used by others.
namespace stator::cache {

/// Refers to an endpoint that somebody else owns, since a cache owns its upstream.
class AliasEndpoint : public endpoint::Endpoint {
 public:
  explicit AliasEndpoint(endpoint::Endpoint& to) : to_(to) {}
  using Endpoint::call;
  void call(const endpoint::Request& request, std::string& reply) override { to_.call(request, reply); }
  [[nodiscard]] std::string describe() const override { return to_.describe(); }

 private:
  endpoint::Endpoint& to_;
};

/// Returns whether the condition becomes true within twenty seconds.
inline bool eventually(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace stator::cache
