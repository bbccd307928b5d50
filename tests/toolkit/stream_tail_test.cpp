#include "toolkit/stream_tail.h"

#include <gtest/gtest.h>

#include "endpoint/embedded.h"
#include "toolkit/moved_clock.h"
#include "toolkit/scripted_endpoint.h"
#include "toolkit/stream_reader.h"

namespace stator::toolkit {
namespace {

class StreamTail : public testing::Test {
 protected:
  StreamTail() {
    engine::Options options;
    options.clock = &clock_;
    endpoint_ = std::make_unique<endpoint::Embedded>(options);
    create("shop", R"(,"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"})");
    options_.table = "shop";
    options_.from_now = false;
    options_.follow = false;
  }
  void create(const std::string& name, const std::string& more) {
    call(*endpoint_, "CreateTable",
         R"({"TableName":")" + name +
             R"(","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],)"
             R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}])" +
             more + "}");
  }
  void put(const std::string& key, const std::string& price) {
    call(*endpoint_, "PutItem",
         R"({"TableName":"shop","Item":{"pk":{"S":")" + key + R"("},"price":{"N":")" + price +
             R"("},"same":{"S":"x"}}})");
  }
  std::vector<std::string> tail_lines() {
    std::vector<std::string> lines;
    tail(*endpoint_, options_, [&](const json::Object& record) {
      std::string text = format_record(record, false);
      lines.push_back(text.substr(text.find("  ") + 2));  // without the time
    });
    return lines;
  }

  MovedClock clock_;
  std::unique_ptr<endpoint::Embedded> endpoint_;
  TailOptions options_;
};

TEST_F(StreamTail, ShowsWhatEachChangeChanged) {
  put("a", "1");
  put("a", "2.5");
  call(*endpoint_, "UpdateItem",
       R"({"TableName":"shop","Key":{"pk":{"S":"a"}},"UpdateExpression":"REMOVE price SET tags = :t",)"
       R"("ExpressionAttributeValues":{":t":{"SS":["p","q"]}}})");
  call(*endpoint_, "DeleteItem", R"({"TableName":"shop","Key":{"pk":{"S":"a"}}})");
  EXPECT_EQ(tail_lines(), (std::vector<std::string>{
                              "INSERT  {\"pk\":\"a\"}\n  + price: 1\n  + same: \"x\"\n",
                              "MODIFY  {\"pk\":\"a\"}\n  - price: 1\n  + price: 2.5\n",
                              "MODIFY  {\"pk\":\"a\"}\n  - price: 2.5\n  + tags: {\"$SS\":[\"p\",\"q\"]}\n",
                              "REMOVE  {\"pk\":\"a\"}\n  - same: \"x\"\n  - tags: {\"$SS\":[\"p\",\"q\"]}\n",
                          }));
}

TEST_F(StreamTail, BeginsAndEndsWhereItIsTold) {
  for (int i = 0; i < 20; ++i) put("early-" + std::to_string(i), "1");
  EXPECT_EQ(tail_lines().size(), 20U);
  options_.limit = 7;
  EXPECT_EQ(tail_lines().size(), 7U);
  options_.limit = 0;
  clock_.ahead_ms = 60'000;
  for (int i = 0; i < 5; ++i) put("late-" + std::to_string(i), "1");
  EXPECT_EQ(tail_lines().size(), 25U);
  options_.from_seconds = clock_.now_ms() / 1000 - 30;
  EXPECT_EQ(tail_lines().size(), 5U);
  options_.from_seconds = 0;
  options_.from_now = true;
  EXPECT_EQ(tail_lines().size(), 0U);
}

TEST_F(StreamTail, FollowsWritesAndIteratorsThatExpire) {
  options_.from_now = true;
  options_.follow = true;
  options_.limit = 6;
  int looks = 0;
  options_.sleep = [&](std::chrono::milliseconds) {
    // One write after each poll that found nothing; twice an iterator has expired by then.
    put("item-" + std::to_string(looks), "1");
    if (++looks % 2 == 0) clock_.ahead_ms += 16 * 60'000;
  };
  const std::vector<std::string> lines = tail_lines();
  ASSERT_EQ(lines.size(), 6U);
  for (int i = 0; i < 6; ++i) {
    EXPECT_TRUE(lines[static_cast<std::size_t>(i)].starts_with("INSERT  {\"pk\":\"item-" + std::to_string(i) + "\"}"))
        << lines[static_cast<std::size_t>(i)];
  }
}

TEST_F(StreamTail, EndsWithAStreamThatWasDisabled) {
  options_.follow = true;
  put("a", "1");
  call(*endpoint_, "UpdateTable", R"({"TableName":"shop","StreamSpecification":{"StreamEnabled":false}})");
  EXPECT_EQ(tail_lines().size(), 1U);
}

TEST_F(StreamTail, NeedsAStream) {
  create("plain", "");
  options_.table = "plain";
  EXPECT_THROW(tail_lines(), std::runtime_error);
  options_.table = "nothing";
  EXPECT_THROW(tail_lines(), OperationError);
}

TEST_F(StreamTail, WaitsForAnEndpointThatIsAwayAndMissesNothing) {
  put("a", "1");
  int away = 0;
  ScriptedEndpoint script([&](std::string_view operation, std::string_view body) {
    if (operation == "GetRecords" && away-- > 0)
      throw core::ApiError(core::ErrorCode::kServiceUnavailable, "cannot reach it");
    return call(*endpoint_, operation, body);
  });
  int outages = 0;
  std::chrono::milliseconds slept{0};
  options_.follow = true;
  options_.limit = 2;
  options_.on_outage = [&](const OperationError&) { ++outages; };
  options_.sleep = [&](std::chrono::milliseconds duration) { slept += duration; };
  std::string keys;
  const auto visit = [&](const json::Object& record) {
    keys += member_text(*member_object(*member_object(change_of_record(record), "Keys"), "pk"), "S");
    // After the first record the endpoint fails for a while, and the table is written to meanwhile.
    away = 3;
    if (keys == "a") put("b", "1");
  };
  EXPECT_EQ(tail(script, options_, visit), 2U);
  EXPECT_EQ(keys, "ab");
  EXPECT_EQ(outages, 1);
  EXPECT_EQ(slept, 3 * kBetweenFaults);
  // The error ends the command if it does not follow, or if the endpoint does not recover.
  away = 1;
  options_.follow = false;
  EXPECT_THROW(tail(script, options_, visit), OperationError);
  away = kMostFaultsOfAnOutage;
  options_.follow = true;
  options_.limit = 0;
  EXPECT_THROW(tail(script, options_, visit), OperationError);
}

}  // namespace
}  // namespace stator::toolkit
