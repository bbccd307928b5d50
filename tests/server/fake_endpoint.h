#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include "core/api_error.h"
#include "endpoint/endpoint.h"
#include "json/reader.h"

namespace stator::server {

/// The operation's name selects the behaviour, so that a test's request says what it needs.
class FakeEndpoint final : public endpoint::Endpoint {
 public:
  using Endpoint::call;
  void call(const endpoint::Request& request, std::string& reply) override {
    calls.fetch_add(1);
    wait_while_blocked(std::string(request.operation));
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
    } else if (request.operation == "DeleteItem") {
      throw std::bad_alloc();
    } else if (request.operation == "ListTables") {
      reply += (request.service == endpoint::Service::kDynamoDbStreams ? "streams " : "tables ") +
               std::string(request.access_key_id) + " " + std::string(request.region) + " " +
               std::string(request.request_id);
    } else if (request.operation == "DescribeLimits") {
      const auto left = request.deadline - std::chrono::steady_clock::now();
      reply += std::string(request.trace) + "|" +
               std::to_string(std::chrono::ceil<std::chrono::minutes>(left).count()) + " min";
    } else if (request.operation == "BatchGetItem" || request.operation == "CreateTable") {
      reply += "{}";
    } else if (request.operation != "TagResource") {
      throw core::ApiError("UnknownOperationException", "");
    }
  }
  [[nodiscard]] endpoint::Effort effort(std::string_view operation) const override {
    if (operation == "Query" || operation == "Scan" || operation == "BatchGetItem") return endpoint::Effort::kPage;
    if (operation == "CreateTable") return endpoint::Effort::kWaits;
    return endpoint::Effort::kItem;
  }
  [[nodiscard]] std::string describe() const override { return "fake"; }

  /// Makes calls of this operation wait until `unblock`.
  void block(const std::string& operation) {
    const std::lock_guard lock(mutex_);
    blocked_.insert(operation);
  }
  void unblock() {
    const std::lock_guard lock(mutex_);
    blocked_.clear();
    unblocked_.notify_all();
  }
  /// The number of calls that are waiting.
  std::atomic<int> waiting{0};

  std::atomic<int> calls{0};
  std::atomic<std::size_t> large_reply_bytes = 8 * 1024 * 1024;

 private:
  void wait_while_blocked(const std::string& operation) {
    std::unique_lock lock(mutex_);
    if (!blocked_.contains(operation)) return;
    waiting.fetch_add(1);
    unblocked_.wait(lock, [&] { return !blocked_.contains(operation); });
    waiting.fetch_sub(1);
  }

  std::mutex mutex_;
  std::condition_variable unblocked_;
  std::set<std::string> blocked_;
};

}  // namespace stator::server
