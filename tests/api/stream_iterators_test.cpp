#include <gtest/gtest.h>

#include "api/api.h"
#include "engine/support.h"

/// Iterators that expire: this needs a clock, which cases in JSON files do not have.
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

  /// Returns the text of a member at the root of the reply, or in `within`.
  static std::string text_of(const std::string& reply, std::string_view member, std::string_view within = {}) {
    json::Parser parser;
    json::Value root = parser.parse(reply);
    if (!within.empty()) root = root[within];
    return std::string(root[member].get_string().value());
  }

  /// Creates a table of this name with a stream of one shard.
  void create_table(std::string_view name) {
    const std::string table = call("CreateTable", R"({"TableName":")" + std::string(name) +
                                                      R"(","BillingMode":"PAY_PER_REQUEST",
        "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
        "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
        "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}})");
    arn_ = text_of(table, "LatestStreamArn", "TableDescription");
    const std::string described = call("DescribeStream", R"({"StreamArn":")" + arn_ + "\"}");
    json::Parser parser;
    shard_ = parser.parse(described)["StreamDescription"]["Shards"].at(0)["ShardId"].get_string().value();
  }

  std::string iterator(const std::string& type_and_more) {
    return text_of(call("GetShardIterator", R"({"StreamArn":")" + arn_ + R"(","ShardId":")" + shard_ +
                                                R"(","ShardIteratorType":)" + type_and_more + "}"),
                   "ShardIterator");
  }
  std::string iterator_at(std::int64_t time_ms) {
    return iterator(R"("AT_TIMESTAMP","Timestamp":)" + std::to_string(time_ms / 1000) + "." +
                    std::to_string(1000 + time_ms % 1000).substr(1));
  }

  void put(const std::string& key) { call("PutItem", R"({"TableName":"tab","Item":{"pk":{"S":")" + key + "\"}}}"); }
  /// Returns the keys of all records from the iterator on.
  std::string keys_from(const std::string& iterator) {
    const std::string reply = call("GetRecords", R"({"ShardIterator":")" + iterator + "\"}");
    json::Parser parser;
    std::string keys;
    for (const json::Value record : parser.parse(reply)["Records"].get_array()) {
      keys += record["dynamodb"]["Keys"]["pk"]["S"].get_string().value();
    }
    return keys;
  }

  static std::unique_ptr<engine::Engine> open(const core::Clock& clock) {
    engine::Options options;
    options.clock = &clock;
    options.stream_shards = 1;
    return engine::Engine::open(options);
  }

  engine::ManualClock clock_;
  std::unique_ptr<engine::Engine> engine_ = open(clock_);
  Context context_{*engine_};
  std::string arn_;
  std::string shard_;
};

TEST_F(StreamIterators, AreGoodForFifteenMinutesAndTheNextOneForAnotherFifteen) {
  create_table("tab");
  std::string iterator = this->iterator(R"("LATEST")");
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

TEST_F(StreamIterators, AtATimestampBeginWithTheFirstRecordOfThenOrLater) {
  const std::int64_t start_ms = clock_.now_ms();
  create_table("tab");
  clock_.advance(1500);
  put("a");
  clock_.advance(2001);
  put("b");
  put("c");
  const std::int64_t second_ms = clock_.now_ms();
  clock_.advance(10);
  for (const std::int64_t time_ms : {std::int64_t{0}, start_ms - 5000, start_ms, start_ms + 1499, start_ms + 1500}) {
    EXPECT_EQ(keys_from(iterator_at(time_ms)), "abc") << time_ms - start_ms;
  }
  for (const std::int64_t time_ms : {start_ms + 1501, start_ms + 2000, second_ms}) {
    EXPECT_EQ(keys_from(iterator_at(time_ms)), "bc") << time_ms - start_ms;
  }
  const std::string after_all = iterator_at(second_ms + 1);
  const std::string now = iterator_at(clock_.now_ms());
  EXPECT_EQ(keys_from(after_all), "");
  put("d");
  clock_.advance(100);
  put("e");
  EXPECT_EQ(keys_from(after_all), "de");
  EXPECT_EQ(keys_from(now), "de");
  EXPECT_EQ(keys_from(iterator_at(clock_.now_ms())), "e");
  // If the clock was set back, sequence numbers of records are ahead of the time.
  clock_.advance(-1000);
  put("f");
  clock_.advance(2000);
  EXPECT_EQ(keys_from(iterator_at(second_ms + 1)), "def");
  EXPECT_EQ(keys_from(iterator_at(clock_.now_ms())), "");
  put("g");
  EXPECT_EQ(keys_from(iterator_at(clock_.now_ms())), "g");
}

TEST_F(StreamIterators, AtATimestampBeforeTheOldestRecordBeginWithThat) {
  create_table("tab");
  const std::int64_t start_ms = clock_.now_ms();
  put("a");
  clock_.advance(20 * 60 * kMinuteMs);
  const std::string early = iterator_at(start_ms);
  put("b");
  clock_.advance(5 * 60 * kMinuteMs);
  ASSERT_TRUE(engine_->run_due_jobs(std::chrono::seconds(10)));
  EXPECT_EQ(keys_from(iterator_at(start_ms)), "b");
  EXPECT_EQ(keys_from(iterator_at(0)), "b");
}

TEST_F(StreamIterators, OfAClosedShardAtATimestampBehindItHaveNoMore) {
  create_table("tab");
  put("a");
  clock_.advance(1000);
  call("UpdateTable", R"({"TableName":"tab","StreamSpecification":{"StreamEnabled":false}})");
  clock_.advance(1000);
  const std::string reply = call("GetRecords", R"({"ShardIterator":")" + iterator_at(clock_.now_ms()) + "\"}");
  EXPECT_EQ(reply, R"({"Records":[]})");
}

}  // namespace
}  // namespace stator::api
