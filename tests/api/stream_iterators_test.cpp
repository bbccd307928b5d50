#include <gtest/gtest.h>

#include "api/api.h"
#include "engine/support.h"

/// What becomes of iterators with time: it takes a clock, which rows of requests and replies do not have.
namespace stator::api {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;

class StreamIterators : public ::testing::Test {
 protected:
  std::string call(std::string_view operation, const std::string& request) {
    std::string reply;
    api::call(context_, operation, request, 0, reply);
    return reply;
  }

  /// The text of a member at the root of the reply, or in `within`.
  static std::string text_of(const std::string& reply, std::string_view member, std::string_view within = {}) {
    json::Parser parser;
    json::Value root = parser.parse(reply);
    if (!within.empty()) root = root[within];
    return std::string(root[member].get_string().value());
  }

  engine::ManualClock clock_;
  std::unique_ptr<engine::Engine> engine_ = engine::open({}, &clock_);
  Context context_{*engine_};
};

TEST_F(StreamIterators, AreGoodForFifteenMinutesAndTheNextOneForAnotherFifteen) {
  const std::string table = call("CreateTable", R"({"TableName":"tab","BillingMode":"PAY_PER_REQUEST",
      "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
      "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
      "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}})");
  const std::string arn = text_of(table, "LatestStreamArn", "TableDescription");
  json::Parser parser;
  const std::string described = call("DescribeStream", R"({"StreamArn":")" + arn + "\"}");
  const std::string shard(parser.parse(described)["StreamDescription"]["Shards"].at(0)["ShardId"].get_string().value());
  std::string iterator = text_of(call("GetShardIterator", R"({"StreamArn":")" + arn + R"(","ShardId":")" + shard +
                                                              R"(","ShardIteratorType":"LATEST"})"),
                                 "ShardIterator");
  const auto records = [&] { return call("GetRecords", R"({"ShardIterator":")" + iterator + "\"}"); };
  for (int turn = 0; turn < 3; ++turn) {
    clock_.advance(15 * kMinuteMs);
    iterator = text_of(records(), "NextShardIterator");
  }
  clock_.advance(15 * kMinuteMs + 1);
  const core::ApiError error = engine::error_of(records);
  EXPECT_EQ(error.type, "ExpiredIteratorException");
  EXPECT_EQ(error.message, "Shard iterator has expired");
}

}  // namespace
}  // namespace stator::api
