#include "cache/history.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "cache/caching.h"
#include "core/api_error.h"
#include "endpoint/embedded.h"
#include "json/reader.h"

/// Random histories of clients that read and write the same few items through a cache; each is checked for
/// linearizability. By seed, the upstream delays, loses replies, and answers eventually consistent reads with earlier
/// states.
namespace stator::cache {
namespace {

struct Habits {
  /// Eventually consistent reads may return recent earlier states; otherwise the upstream's reads are exact.
  bool reads_the_past = false;
  /// Writes may fail with an unknown outcome, and take effect before or after that, or never.
  bool loses_replies = false;
};

thread_local std::mt19937_64 random_of_thread;

unsigned draw(unsigned below) { return static_cast<unsigned>(random_of_thread() % below); }

void dawdle() {
  switch (draw(4)) {
    case 0:
      return;
    case 1:
      return std::this_thread::yield();
    default:
      return std::this_thread::sleep_for(std::chrono::microseconds(draw(40)));
  }
}

/// The engine in memory, with the faults that `Habits` describes.
class MoodyEndpoint : public endpoint::Endpoint {
 public:
  MoodyEndpoint(endpoint::Endpoint& engine, Habits habits) : engine_(engine), habits_(habits) {}
  ~MoodyEndpoint() override { finish(); }
  MoodyEndpoint(const MoodyEndpoint&) = delete;
  MoodyEndpoint& operator=(const MoodyEndpoint&) = delete;

  using Endpoint::call;
  void call(const endpoint::Request& request, std::string& reply) override {
    if (request.operation == "DescribeTable") return engine_.call(request, reply);
    const bool writes = request.operation != "GetItem" && request.operation != "BatchGetItem";
    dawdle();
    if (writes && habits_.loses_replies && draw(6) == 0) lose(request);
    const bool may_be_old = request.operation == "GetItem" && habits_.reads_the_past &&
                            request.body.find("ConsistentRead") == std::string_view::npos && draw(2) == 0;
    if (may_be_old) {
      // A recent earlier state of the item.
      const std::lock_guard lock(mutex_);
      const auto found = past_.find(std::string(request.body));
      if (found != past_.end()) {
        reply += found->second;
        return;
      }
    }
    engine_.call(request, reply);
    if (request.operation == "GetItem" && habits_.reads_the_past && draw(3) == 0) {
      const std::lock_guard lock(mutex_);
      past_[std::string(request.body)] = reply;
    }
    dawdle();
  }
  [[nodiscard]] std::string describe() const override { return "moody"; }

  void finish() {
    for (std::thread& thread : late_) thread.join();
    late_.clear();
  }

 private:
  [[noreturn]] void lose(const endpoint::Request& request) {
    if (request.notes != nullptr) request.notes->uncertain = true;
    const unsigned way = draw(3);
    if (way == 0) {
      engine_.call(std::string_view(request.operation), request.body);
    } else if (way == 1) {
      const std::lock_guard lock(mutex_);
      late_.emplace_back([this, operation = std::string(request.operation), body = std::string(request.body),
                          wait = std::chrono::microseconds(draw(200))] {
        std::this_thread::sleep_for(wait);
        try {
          engine_.call(operation, body);
        } catch (const core::ApiError&) {
        }
      });
    }
    throw core::ApiError(core::ErrorCode::kServiceUnavailable, "cut");
  }

  endpoint::Endpoint& engine_;
  const Habits habits_;
  std::mutex mutex_;
  std::map<std::string, std::string> past_;
  std::deque<std::thread> late_;
};

constexpr std::size_t kClients = 3;
constexpr std::size_t kItems = 2;
constexpr int kStepsEach = 7;

std::string key_json(std::uint64_t run, std::size_t item) {
  return R"({"id":{"S":")" + std::to_string(run) + "-" + std::to_string(item) + R"("}})";
}

/// The text of attribute v; empty if there is no item.
std::string value_of(const json::Object& reply, std::string_view member) {
  json::Value item;
  if (!json::find_member(reply, member, item)) return {};
  return std::string(std::string_view(item["v"]["S"]));
}

class Play {
 public:
  Play(endpoint::Endpoint& engine, std::uint64_t number, std::uint64_t seed, Habits habits, const Options& options)
      : number_(number), seed_(seed), upstream_(new MoodyEndpoint(engine, habits)) {
    cache_ = std::make_unique<Caching>(std::unique_ptr<endpoint::Endpoint>(upstream_), options);
  }

  /// Runs all clients; returns the steps of each item.
  std::array<std::vector<Step>, kItems> play(bool only_hits) {
    only_hits_ = only_hits;
    std::vector<std::thread> clients;
    for (std::size_t client = 0; client < kClients; ++client) {
      clients.emplace_back([this, client] { play_client(client); });
    }
    for (std::thread& client : clients) client.join();
    upstream_->finish();
    return histories_;
  }

 private:
  void play_client(std::size_t client) {
    random_of_thread.seed(seed_ * 1000 + client);
    for (int i = 0; i < kStepsEach; ++i) {
      step(draw(kItems), std::to_string(client) + "." + std::to_string(i));
    }
  }

  void step(std::size_t item, const std::string& value) {
    const std::string key = key_json(number_, item);
    const std::string of_key = R"({"TableName":"items","Key":)" + key;
    const std::string whole = key.substr(0, key.size() - 1) + R"(,"v":{"S":")" + value + R"("}})";
    const std::string values = R"(,"ExpressionAttributeValues":{":v":{"S":")" + value + R"("}}})";
    switch (draw(12)) {
      case 0:
      case 1:
        return write(item, value, "PutItem", R"({"TableName":"items","Item":)" + whole + "}");
      case 2:
        return write(item, "", "DeleteItem", of_key + "}");
      case 3:
        return write(item, value, "UpdateItem", of_key + R"(,"UpdateExpression":"SET v = :v")" + values);
      case 4:
        return write(item, value, "UpdateItem",
                     of_key + R"(,"ReturnValues":"UPDATED_NEW","UpdateExpression":"SET v = :v")" + values);
      case 5:
        return write(item, value, "BatchWriteItem",
                     R"({"RequestItems":{"items":[{"PutRequest":{"Item":)" + whole + "}}]}}");
      case 6:
        return write(item, value, "TransactWriteItems",
                     R"({"TransactItems":[{"Put":{"TableName":"items","Item":)" + whole + "}}]}");
      case 7:
        return read(item, "GetItem", of_key + R"(,"ConsistentRead":true})");
      case 8:
        return read(item, "BatchGetItem", R"({"RequestItems":{"items":{"Keys":[)" + key + "]}}}");
      default:
        return read(item, "GetItem", of_key + "}");
    }
  }

  void write(std::size_t item, std::string value, std::string_view operation, const std::string& body) {
    Step step{.kind = Step::Kind::kWrite, .value = std::move(value), .called = clock_.fetch_add(1)};
    try {
      cache_->call(operation, body);
    } catch (const core::ApiError&) {
      step.unknown = true;
    }
    end(item, step);
  }

  void read(std::size_t item, std::string_view operation, const std::string& body) {
    Step step{.kind = Step::Kind::kRead, .value = {}, .called = clock_.fetch_add(1)};
    endpoint::ReplyNotes notes;
    std::string reply;
    const endpoint::Request request{.operation = operation, .body = body, .notes = &notes};
    if (draw(2) == 0 || !cache_->try_call(request, reply)) cache_->call(request, reply);
    json::Parser parser;
    const json::Object object = parser.parse(reply);
    if (operation == "GetItem") {
      step.value = value_of(object, "Item");
    } else {
      const json::Array items = object.at_pointer("/Responses/items").get_array();
      if (items.size() == 1) step.value = std::string(std::string_view(items.at(0)["v"]["S"]));
    }
    // A miss returns the upstream's eventually consistent read, which may be old; a hit may not be.
    if (only_hits_ && notes.cache == "miss") return;
    end(item, step);
  }

  void end(std::size_t item, Step& step) {
    step.returned = clock_.fetch_add(1);
    const std::lock_guard lock(mutex_);
    histories_[item].push_back(step);
  }

  const std::uint64_t number_;
  const std::uint64_t seed_;
  MoodyEndpoint* const upstream_;
  std::unique_ptr<Caching> cache_;
  bool only_hits_ = false;
  std::atomic<std::uint64_t> clock_{1};
  std::mutex mutex_;
  std::array<std::vector<Step>, kItems> histories_;
};

std::string text_of(const std::vector<Step>& steps) {
  std::string text;
  for (const Step& step : steps) {
    text += std::to_string(step.called) + "-" + (step.unknown ? "?" : std::to_string(step.returned)) +
            (step.kind == Step::Kind::kWrite ? " write \"" : " read \"") + step.value + "\"\n";
  }
  return text;
}

class HistoryTest : public testing::Test {
 protected:
  HistoryTest() : engine(engine_options()) {
    engine.call("CreateTable", R"({"TableName":"items","BillingMode":"PAY_PER_REQUEST",
      "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
      "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]})");
  }
  static engine::Options engine_options() {
    engine::Options options;
    options.jobs_paused = true;
    return options;
  }
  /// Returns the first history in `runs` runs that is not linearizable, with its seed; empty if there is none.
  std::string find_unexplained(int runs, Habits habits, const Options& options, bool only_hits) {
    const char* const given = std::getenv("CACHE_HISTORY_SEED");
    const std::uint64_t first = given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
    for (std::uint64_t seed = first; seed < first + static_cast<std::uint64_t>(runs); ++seed) {
      Play run(engine, ++run_, seed, habits, options);
      for (const auto& steps : run.play(only_hits)) {
        if (!Explanation(steps).exists()) return "seed " + std::to_string(seed) + "\n" + text_of(steps);
      }
    }
    return {};
  }
  static int runs() { return std::getenv("STATOR_LONG") == nullptr ? 300 : 10'000; }

  endpoint::Embedded engine;
  std::uint64_t run_ = 0;
};

TEST_F(HistoryTest, EveryReadFindsTheLastWriteThroughTheCache) {
  EXPECT_EQ(find_unexplained(runs(), {}, {}, false), "");
}

TEST_F(HistoryTest, WritesThatNobodyKnowsTheEndOfAreNotForgotten) {
  EXPECT_EQ(find_unexplained(runs(), {.loses_replies = true}, {}, false), "");
}

TEST_F(HistoryTest, WhatIsKeptIsNeverOlderThanTheLastWriteThroughHere) {
  EXPECT_EQ(find_unexplained(runs(), {.reads_the_past = true, .loses_replies = true}, {}, true), "");
}

// The checker must find real faults: without the time to settle, old reads are kept. About one run in seventy shows
// one, fewer if a sanitizer slows the clients, so this many runs practically always do.
TEST_F(HistoryTest, WithoutTimeToSettleTheCheckerFindsOldReads) {
  Options options;
  options.settle_ms = -1'000'000;
  EXPECT_NE(find_unexplained(20'000, {.reads_the_past = true}, options, true), "");
}

TEST(Explanation, FindsWhatCannotBe) {
  using Kind = Step::Kind;
  const Step write_1{.kind = Kind::kWrite, .value = "1", .called = 1, .returned = 2};
  const Step write_2{.kind = Kind::kWrite, .value = "2", .called = 3, .returned = 6};
  const auto read = [](std::string value, std::uint64_t called, std::uint64_t returned) {
    return Step{.kind = Kind::kRead, .value = std::move(value), .called = called, .returned = returned};
  };
  EXPECT_TRUE(Explanation({write_1, write_2, read("1", 4, 5), read("2", 7, 8)}).exists());
  EXPECT_FALSE(Explanation({write_1, write_2, read("1", 7, 8)}).exists());
  EXPECT_FALSE(Explanation({write_1, write_2, read("2", 3, 4), read("1", 5, 6)}).exists());
  EXPECT_FALSE(Explanation({write_1, read("", 3, 4)}).exists());
  Step unknown = write_2;
  unknown.unknown = true;
  EXPECT_TRUE(Explanation({write_1, unknown, read("1", 7, 8), read("2", 9, 10)}).exists());
  EXPECT_TRUE(Explanation({write_1, unknown, read("1", 7, 8)}).exists());
  EXPECT_FALSE(Explanation({write_1, unknown, read("2", 7, 8), read("1", 9, 10)}).exists());
}

}  // namespace
}  // namespace stator::cache
