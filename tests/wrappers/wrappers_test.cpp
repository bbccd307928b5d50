#include "stator/wrappers.h"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>

/// The wrappers of the embedding API, used through its headers only.
namespace stator {
namespace {

constexpr const char* kTable = R"({"TableName":"users","BillingMode":"PAY_PER_REQUEST",
  "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
  "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]})";
constexpr const char* kGet = R"({"TableName":"users","Key":{"id":{"S":"a"}}})";

std::string put(const std::string& value) {
  return R"({"TableName":"users","Item":{"id":{"S":"a"},"v":{"S":")" + value + R"("}}})";
}
std::string item(const std::string& value) { return R"({"Item":{"id":{"S":"a"},"v":{"S":")" + value + R"("}}})"; }

/// An endpoint defined by the program: counts the calls of the endpoint behind it.
class Counting : public Endpoint {
 public:
  explicit Counting(Endpoint& next) : next_(next) {}
  Result call(std::string_view operation, std::string_view request_json) override {
    ++calls;
    return next_.call(operation, request_json);
  }
  int calls = 0;

 private:
  Endpoint& next_;
};

class WrappersTest : public testing::Test {
 protected:
  WrappersTest() { EXPECT_TRUE(database.call("CreateTable", kTable).ok); }
  Database database = Database::open_in_memory();
  Counting counting{database};
};

TEST_F(WrappersTest, ACacheAnswersWhatItHasRead) {
  std::int64_t now_ms = 1'700'000'000'000;
  Caching cache(counting, {.lifetimes = {"users/GetItem=10"}, .now_ms = [&] { return now_ms; }});
  EXPECT_EQ(cache.call("PutItem", put("1")).body, "{}");
  counting.calls = 0;
  EXPECT_EQ(cache.call("GetItem", kGet).body, item("1"));
  EXPECT_EQ(cache.call("GetItem", kGet).body, item("1"));
  EXPECT_EQ(counting.calls, 0) << "written through";
  // A write that bypasses the cache is visible once the entry has expired.
  database.call("PutItem", put("2"));
  EXPECT_EQ(cache.call("GetItem", kGet).body, item("1"));
  now_ms += 10'001;
  EXPECT_EQ(cache.call("GetItem", kGet).body, item("2"));
  EXPECT_EQ(counting.calls, 1);
  EXPECT_NE(cache.statistics().find("\"hit\":3"), std::string::npos) << cache.statistics();
  cache.clear();
  EXPECT_EQ(cache.call("GetItem", kGet).body, item("2"));
  EXPECT_EQ(counting.calls, 2);
}

TEST_F(WrappersTest, ASimulatorFailsByItsRules) {
  Simulating simulating(counting, R"({"rules":[{"when":{"operation":"PutItem","first":1},
    "then":{"throttle":"KeyRangeThroughputExceeded"}}]})");
  const Result throttled = simulating.call("PutItem", put("1"));
  EXPECT_FALSE(throttled.ok);
  EXPECT_EQ(throttled.error_type, "ThrottlingException");
  EXPECT_NE(throttled.body.find("TableWriteKeyRangeThroughputExceeded"), std::string::npos) << throttled.body;
  EXPECT_EQ(counting.calls, 0);
  EXPECT_TRUE(simulating.call("PutItem", put("1")).ok);
  EXPECT_NE(simulating.state().find(R"("acted":1)"), std::string::npos) << simulating.state();
  EXPECT_THROW(simulating.set_rules(R"({"rules":[{"when":{}}]})"), std::invalid_argument);
  EXPECT_THROW(Simulating(counting, "no JSON"), std::invalid_argument);
  EXPECT_THROW(Simulating(counting, R"({"rules":[{"when":{"caller":"a"},"then":{"cut":"after"}}]})"),
               std::invalid_argument);
  Simulating regional(counting,
                      R"({"rules":[{"when":{"region":"us-east-1"},"then":{"error":"InternalServerError"}}]})");
  EXPECT_EQ(regional.call("ListTables", "{}").error_type, "InternalServerError");
  simulating.set_rules("{}");
  EXPECT_TRUE(simulating.call("PutItem", put("2")).ok);
}

TEST(Database, RefusesOptionsOutOfRange) {
  const auto fault = [](const OpenOptions& options) -> std::string {
    try {
      Database::open(options);
      return "opened";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(fault({.clock_ms = -1}), "option \"clock_ms\" must be a whole number from 0 to 253402300799999");
  EXPECT_EQ(fault({.read_staleness_ms = -1}), "option \"read_staleness_ms\" must be a whole number from 0 to 3600000");
  EXPECT_EQ(fault({.index_lag_ms = 3'600'001}), "option \"index_lag_ms\" must be a whole number from 0 to 3600000");
  EXPECT_EQ(fault({.stream_lag_ms = -1}), "option \"stream_lag_ms\" must be a whole number from 0 to 3600000");
  EXPECT_EQ(fault({.transition_delay_ms = -1}),
            "option \"transition_delay_ms\" must be a whole number from 0 to 3600000");
  EXPECT_EQ(fault({.stream_shards = 1001}), "option \"stream_shards\" must be a whole number from 0 to 1000");
  EXPECT_EQ(fault({.directory = {"a\0b", 3}}), "option \"directory\" must be a path");
  EXPECT_EQ(fault({.clock_ms = 0, .transition_delay_ms = 3'600'000, .stream_shards = 1000}), "opened");
}

TEST_F(WrappersTest, ADatabaseFailsByRulesOfItsOwn) {
  database.simulate(R"({"rules":[{"when":{"operation":"PutItem","first":1},"then":{"cut":"after","latency_ms":30}}]})");
  const auto begin = std::chrono::steady_clock::now();
  const Result cut = database.call("PutItem", put("1"));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(30));
  EXPECT_EQ(cut.error_type, "ServiceUnavailable");
  EXPECT_EQ(database.call("GetItem", kGet).body, item("1"));
  Delivery delivery;
  database.simulate(R"({"rules":[{"when":{"operation":"PutItem"},"then":{"cut":"before","latency_ms":600000}}]})");
  const Result lost = database.call("PutItem", put("2"), "eu-west-1", delivery);
  EXPECT_TRUE(delivery.cut);
  EXPECT_EQ(delivery.hold_ms, 600'000);
  EXPECT_FALSE(lost.ok);
  EXPECT_EQ(lost.http_status, 0);
  EXPECT_EQ(lost.body, "");
  EXPECT_TRUE(database.call("GetItem", kGet, {}, delivery).ok);
  EXPECT_FALSE(delivery.cut);
  EXPECT_EQ(delivery.hold_ms, 0);
  EXPECT_NE(database.simulated().find(R"("requests":1,"acted":1)"), std::string::npos) << database.simulated();
  EXPECT_THROW(database.simulate(R"({"rules":[{"when":{}}]})"), std::runtime_error);
  database.simulate("{}");
  EXPECT_TRUE(database.call("PutItem", put("2")).ok);
}

TEST_F(WrappersTest, ErrorsPassWithAllThatTheyCarry) {
  Simulating simulating(database, "{}");
  Caching cache(simulating);
  cache.call("PutItem", put("1"));
  const std::string conditional = put("2").substr(0, put("2").size() - 1) +
                                  R"x(,"ConditionExpression":"attribute_not_exists(id)",)x"
                                  R"("ReturnValuesOnConditionCheckFailure":"ALL_OLD"})";
  const Result direct = database.call("PutItem", conditional);
  const Result wrapped = cache.call("PutItem", conditional);
  EXPECT_EQ(direct.error_type, "ConditionalCheckFailedException");
  EXPECT_EQ(wrapped.body, direct.body);
  EXPECT_EQ(cache.call("GetItem", "{").body, database.call("GetItem", "{").body);
  EXPECT_EQ(cache.call("NoSuchThing", "{}").body, database.call("NoSuchThing", "{}").body);
}

TEST_F(WrappersTest, AWriteThatNobodyKnowsTheEndOfIsNotAnsweredFromTheCache) {
  Simulating simulating(database, "{}");
  Caching cache(simulating);
  cache.call("PutItem", put("1"));
  EXPECT_EQ(cache.call("GetItem", kGet).body, item("1"));
  simulating.set_rules(R"({"rules":[{"when":{"operation":"PutItem"},"then":{"cut":"after"}}]})");
  EXPECT_EQ(cache.call("PutItem", put("2")).error_type, "ServiceUnavailable");
  EXPECT_EQ(cache.call("GetItem", kGet).body, item("2"));
}

TEST(WrappersUrl, OptionsThatAreNoneAreRefused) {
  Database database = Database::open_in_memory();
  EXPECT_THROW(Caching(database, {.lifetimes = {"soon"}}), std::invalid_argument);
  EXPECT_THROW(Caching(database, {.shared_url = "http://localhost"}), std::invalid_argument);
}

TEST(EmbeddedStaleness, ReadsMayBeBehindAndThroughputIsEnforced) {
  OpenOptions options;
  options.clock_ms = 1'767'225'600'000;
  options.read_staleness_ms = 100;
  options.enforce_throughput = true;
  Database database = Database::open(options);
  ASSERT_TRUE(database
                  .call("CreateTable", R"({"TableName":"users",
    "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
    "ProvisionedThroughput":{"ReadCapacityUnits":100,"WriteCapacityUnits":2}})")
                  .ok);
  EXPECT_TRUE(database.call("PutItem", put("1")).ok);
  EXPECT_TRUE(database.call("PutItem", put("2")).ok);
  EXPECT_EQ(database.call("PutItem", put("3")).error_type, "ProvisionedThroughputExceededException");
  int old = 0;
  for (int i = 0; i < 60; ++i) old += database.call("GetItem", kGet).body == item("2") ? 0 : 1;
  EXPECT_GT(old, 0);
  database.advance_clock(100);
  for (int i = 0; i < 60; ++i) EXPECT_EQ(database.call("GetItem", kGet).body, item("2"));
}

}  // namespace
}  // namespace stator
