#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "endpoint/endpoint.h"

namespace stator::toolkit {

/// An endpoint that replies as a test says, and records its requests.
class ScriptedEndpoint : public endpoint::Endpoint {
 public:
  using Script = std::function<std::string(std::string_view operation, std::string_view body)>;
  explicit ScriptedEndpoint(Script script) : script_(std::move(script)) {}

  using Endpoint::call;
  void call(const endpoint::Request& request, std::string& reply) override {
    {
      const std::lock_guard lock(mutex_);
      calls.emplace_back(request.operation, request.body);
    }
    reply += script_(request.operation, request.body);
  }
  [[nodiscard]] std::string describe() const override { return "script"; }

  std::vector<std::pair<std::string, std::string>> calls;

 private:
  std::mutex mutex_;
  Script script_;
};

}  // namespace stator::toolkit
