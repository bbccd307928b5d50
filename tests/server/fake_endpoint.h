#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include "core/api_error.h"
#include "endpoint/endpoint.h"
#include "json/reader.h"

namespace stator::server {

/// Answers by the operation's name, so that a test says what it wants in its request.
class FakeEndpoint final : public endpoint::Endpoint {
 public:
  using Endpoint::call;
  void call(const endpoint::Request& request, std::string& reply) override {
    calls.fetch_add(1);
    json::Parser::of_this_thread().parse(request.body, request.padding_bytes);
    if (request.operation == "GetItem") {
      reply += R"({"Item":{"echo":)" + std::string(request.body) + "}}";
    } else if (request.operation == "Query") {
      reply += R"({"Items":")" + std::string(large_reply_bytes, 'x') + "\"}";
    } else if (request.operation == "PutItem") {
      reply += "partial reply that must not be sent";
      throw core::ApiError("ConditionalCheckFailedException", "The conditional request failed");
    } else if (request.operation == "Scan") {
      throw std::runtime_error("the \"disk\" is on fire");
    } else if (request.operation == "UpdateItem") {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      reply += "{}";
    } else if (request.operation == "DescribeTable") {
      throw 42;
    } else if (request.operation != "TagResource") {
      throw core::ApiError("UnknownOperationException", "");
    }
  }
  [[nodiscard]] std::string describe() const override { return "fake"; }

  std::atomic<int> calls{0};
  std::size_t large_reply_bytes = 8 * 1024 * 1024;
};

}  // namespace stator::server
