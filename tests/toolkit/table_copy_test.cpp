#include "toolkit/table_copy.h"

#include <gtest/gtest.h>

#include <fstream>

#include "endpoint/embedded.h"
#include "support/temporary_directory.h"
#include "toolkit/scripted_endpoint.h"
#include "toolkit/tables.h"

namespace stator::toolkit {
namespace {

constexpr const char* kCreate =
    R"({"TableName":"items","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],)"
    R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"})";

TableChecksum checksum_of(const std::vector<std::string>& items) {
  TableChecksum sum;
  json::Parser parser;
  for (const std::string& item : items) sum.add(parser.parse(item).get_object().value());
  return sum;
}

TEST(TableChecksum, IsOneForEqualItemsInAnyOrder) {
  const auto one =
      checksum_of({R"({"a":{"N":"1.0"},"s":{"SS":["x","y"]}})", R"({"b":{"M":{"p":{"S":"1"},"q":{"S":"2"}}}})"});
  EXPECT_EQ(one,
            checksum_of({R"({"b":{"M":{"q":{"S":"2"},"p":{"S":"1"}}}})", R"({"s":{"SS":["y","x"]},"a":{"N":"1"}})"}));
  EXPECT_NE(one,
            checksum_of({R"({"a":{"N":"1"},"s":{"SS":["x","y"]}})", R"({"b":{"M":{"p":{"S":"1"},"q":{"S":"3"}}}})"}));
  EXPECT_NE(checksum_of({R"({"a":{"S":"1"}})"}), checksum_of({R"({"a":{"N":"1"}})"}));
  EXPECT_NE(checksum_of({R"({"a":{"L":[{"S":"1"},{"S":"2"}]}})"}),
            checksum_of({R"({"a":{"L":[{"S":"2"},{"S":"1"}]}})"}));
  EXPECT_NE(checksum_of({R"({"a":{"S":"1"}})", R"({"a":{"S":"1"}})"}), checksum_of({R"({"a":{"S":"1"}})"}));
}

/// A source that fails after a number of pages, and sometimes throttles.
class Unreliable : public endpoint::Endpoint {
 public:
  explicit Unreliable(endpoint::Endpoint& inner) : inner_(inner) {}
  using Endpoint::call;
  void call(const endpoint::Request& request, std::string& reply) override {
    if (request.operation == "Scan") {
      if (++calls_ % 3 == 0) throw core::ApiError("ProvisionedThroughputExceededException", "slow down");
      if (pages_left == 0) throw core::ApiError("InternalServerError", "broken");
      --pages_left;
    }
    inner_.call(request, reply);
  }
  [[nodiscard]] std::string describe() const override { return "unreliable"; }
  int pages_left = 1'000'000;

 private:
  endpoint::Endpoint& inner_;
  int calls_ = 0;
};

TEST(TableCopy, GoesOnWhereItWasEndedAndCopiesEverythingOnce) {
  const TemporaryDirectory directory;
  endpoint::Embedded source{engine::Options{}};
  endpoint::Embedded destination{engine::Options{}};
  create_table(source, "items", kCreate);
  create_table(destination, "items", kCreate);
  const std::string filler(40'000, 'x');
  constexpr int kItems = 200;  // eight pages
  for (int i = 0; i < kItems; ++i)
    call(source, "PutItem",
         R"({"TableName":"items","Item":{"pk":{"S":"k)" + std::to_string(i) + R"("},"f":{"S":")" + filler + "\"}}}");
  const TableInfo table = describe_table(source, "items");
  const TableInfo there = describe_table(destination, "items");
  Unreliable broken(source);
  const StateFile file(directory.path() / "state.json", "a to b");
  int slept = 0;
  const Sleep sleep = [&slept](std::chrono::milliseconds) { ++slept; };
  const auto silent = [](std::uint64_t) {};
  std::uint64_t earlier = 0;
  TableChecksum copied;
  for (int run = 0; run < 20; ++run) {
    broken.pages_left = 3;
    TransferState state = file.read().value_or(begin_copy(1));
    if (earlier > 0) {
      EXPECT_GT(state.total().items, 0U);
    }
    try {
      copied = copy_table(broken, table, destination, there, state, file, silent, sleep);
      break;
    } catch (const OperationError& error) {
      EXPECT_EQ(error.type, "InternalServerError");
      ++earlier;
    }
  }
  EXPECT_GE(earlier, 2U);
  EXPECT_GT(slept, 0);
  EXPECT_EQ(copied.items, 200U);
  EXPECT_EQ(checksum_of_table(destination, "items", 4, silent), copied);
  EXPECT_EQ(checksum_of_table(source, "items", 1, silent), copied);
}

TEST(TransferState, IsReadAsItWasWrittenAndRefusedWhereItIsAnothers) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "state.json";
  const StateFile file(path, "a to b");
  EXPECT_FALSE(file.read());
  TransferState state = begin_copy(2);
  state.tables = {"id-1", "1795694400.5"};
  state.segments[0] = {R"({"pk":{"S":"k\"1"}})", false, {7, 0x8000000000000001, 2}, {}};
  state.segments[1] = {"", true, {1, 2, 3}, {R"({"pk":{"S":"k2"}})", {0x8000000000000002, 4}}};
  state.bytes = 4;
  state.lines = 5;
  state.follow = FollowState{1000, 2000, "arn", {{"shard-1", {"000123", false}}, {"shard-0", {"", true}}}};
  file.write(state);
  const TransferState again = file.read().value();
  ASSERT_EQ(again.segments.size(), 2U);
  EXPECT_EQ(again.segments[0].start_key, state.segments[0].start_key);
  EXPECT_FALSE(again.segments[0].finished);
  EXPECT_TRUE(again.segments[1].finished);
  EXPECT_EQ(again.tables, state.tables);
  EXPECT_EQ(again.segments[0].last_written.key, "");
  EXPECT_EQ(again.segments[1].last_written.key, state.segments[1].last_written.key);
  EXPECT_EQ(again.segments[1].last_written.hash, state.segments[1].last_written.hash);
  EXPECT_EQ(again.total(), state.total());
  EXPECT_EQ(again.total().items, 8U);
  EXPECT_EQ(again.bytes, 4U);
  EXPECT_EQ(again.lines, 5U);
  ASSERT_TRUE(again.follow);
  EXPECT_EQ(again.follow->since_seconds, 1000);
  EXPECT_EQ(again.follow->last_read_seconds, 2000);
  EXPECT_EQ(again.follow->stream_arn, "arn");
  EXPECT_EQ(again.follow->shards.at("shard-1").sequence_number, "000123");
  EXPECT_TRUE(again.follow->shards.at("shard-0").ended);

  const auto fault = [&](const StateFile& of) {
    try {
      static_cast<void>(of.read());
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string("no fault");
  };
  EXPECT_NE(fault(StateFile(path, "c to d")).find("belongs to another transfer (a to b)"), std::string::npos);
  for (const char* text : {"{}", "no JSON", "", R"({"transfer":"a to b","segments":[{}]})"}) {
    std::ofstream(path) << text;
    EXPECT_NE(fault(file).find("does not record"), std::string::npos) << text;
  }
  file.remove();
  EXPECT_FALSE(file.read());
}

TEST(TableCopy, MakesARequestForATableLikeAnother) {
  const TableInfo table = read_table_info(
      R"({"TableName":"old","TableStatus":"ACTIVE","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],)"
      R"("KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"ItemCount":3,"TableId":"x",)"
      R"("ProvisionedThroughput":{"NumberOfDecreasesToday":0,"ReadCapacityUnits":5,"WriteCapacityUnits":7},)"
      R"("StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"},"GlobalSecondaryIndexes":[)"
      R"({"IndexName":"i","KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"},)"
      R"("IndexStatus":"ACTIVE","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":2}}]})");
  EXPECT_EQ(create_request_like(table, "new"),
            R"({"TableName":"new","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],)"
            R"("KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"GlobalSecondaryIndexes":[{"IndexName":"i",)"
            R"("KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"},)"
            R"("ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":2}}],"BillingMode":"PROVISIONED",)"
            R"("ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":7},)"
            R"("StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}})");
}

TEST(TableCopy, VectorIndexesAreMadeAsTheyWere) {
  const TableInfo table = read_table_info(
      R"({"TableName":"old","TableStatus":"ACTIVE","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],)"
      R"("KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"BillingModeSummary":{"BillingMode":"PAY_PER_REQUEST"},)"
      R"("VectorIndexes":[{"IndexName":"i","VectorAttribute":{"AttributeName":"v"},"Dimensions":3,)"
      R"("DistanceFunction":"COSINE","Projection":{"ProjectionType":"ALL"},"IndexStatus":"ACTIVE","ItemCount":7}]})");
  EXPECT_EQ(create_request_like(table, "new"),
            R"({"TableName":"new","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],)"
            R"("KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"VectorIndexes":[{"IndexName":"i",)"
            R"("VectorAttribute":{"AttributeName":"v"},"Dimensions":3,"DistanceFunction":"COSINE",)"
            R"("Projection":{"ProjectionType":"ALL"}}],"BillingMode":"PAY_PER_REQUEST"})");
}

}  // namespace
}  // namespace stator::toolkit
