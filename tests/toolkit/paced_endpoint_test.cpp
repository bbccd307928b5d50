#include "toolkit/paced_endpoint.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "json/reader.h"

namespace stator::toolkit {
namespace {

/// Answers with pages of `Limit` items, each of which costs half a unit.
class Pages : public endpoint::Endpoint {
 public:
  using Endpoint::call;
  void call(const endpoint::Request& request, std::string& reply) override {
    json::Parser parser;
    const json::Value body = parser.parse(request.body);
    const std::uint64_t items = body["Limit"].get_uint64().value();
    items_ += items;
    reply = R"({"Count":)" + std::to_string(items) + R"(,"ScannedCount":)" + std::to_string(items) +
            R"(,"ConsumedCapacity":{"TableName":"t","CapacityUnits":)" +
            std::to_string(static_cast<double>(items) / 2) + "}}";
  }
  [[nodiscard]] std::string describe() const override { return "pages"; }
  [[nodiscard]] double units() const { return static_cast<double>(items_.load()) / 2; }

 private:
  std::atomic<std::uint64_t> items_ = 0;
};

TEST(PacedEndpoint, KeepsTheRateHoweverManyThreadsAsk) {
  constexpr double kRate = 400;
  constexpr int kThreads = 16;
  auto owned = std::make_unique<Pages>();
  const Pages& pages = *owned;
  PacedEndpoint paced(std::move(owned), kRate,
                      [](std::chrono::milliseconds wait) { std::this_thread::sleep_for(wait); });
  const auto began = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int page = 0; page < 3; ++page) {
        std::string reply;
        paced.call({.operation = "Scan", .body = R"({"TableName":"t"})"}, reply);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  // One page is read before its cost is waited for, and pages cost at most half a second's units.
  EXPECT_LE(pages.units(), kRate * took.count() + kRate / 2);
  EXPECT_GT(pages.units(), 0);
}

}  // namespace
}  // namespace stator::toolkit
