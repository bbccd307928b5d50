#include "toolkit/table_copy.h"

#include <gtest/gtest.h>

#include <fstream>

#include "endpoint/embedded.h"
#include "model/temporary_directory.h"
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

/// A source that breaks off after so many pages, and throttles now and then.
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
  CopyOptions options;
  options.segments = 1;
  options.state_file = directory.path() / "state.json";
  options.identity = "a to b";
  int slept = 0;
  const Sleep sleep = [&slept](std::chrono::milliseconds) { ++slept; };
  const auto silent = [](std::uint64_t) {};
  std::uint64_t earlier = 0;
  CopyResult result;
  for (int run = 0; run < 20; ++run) {
    broken.pages_left = 3;
    try {
      result = copy_table(broken, table, destination, there, options, silent, sleep);
      break;
    } catch (const OperationError& error) {
      EXPECT_EQ(error.type, "InternalServerError");
      EXPECT_TRUE(std::filesystem::exists(options.state_file));
      ++earlier;
    }
  }
  EXPECT_GE(earlier, 2U);
  EXPECT_GT(slept, 0);
  EXPECT_EQ(result.source.items, 200U);
  EXPECT_GT(result.resumed_items, 0U);
  EXPECT_FALSE(std::filesystem::exists(options.state_file));
  EXPECT_EQ(checksum_of_table(destination, "items", 4, silent), result.source);
  EXPECT_EQ(checksum_of_table(source, "items", 1, silent), result.source);
}

TEST(TableCopy, RefusesAStateThatIsNotItsOwn) {
  const TemporaryDirectory directory;
  endpoint::Embedded source{engine::Options{}};
  create_table(source, "items", kCreate);
  const TableInfo table = describe_table(source, "items");
  CopyOptions options;
  options.state_file = directory.path() / "state.json";
  options.identity = "a to b";
  const auto fault = [&](const std::string& text) {
    std::ofstream(options.state_file) << text;
    try {
      copy_table(source, table, source, table, options, [](std::uint64_t) {});
    } catch (const std::exception& error) {
      return std::string(error.what());
    }
    return std::string("no fault");
  };
  EXPECT_NE(fault(R"({"copy":"c to d","segments":[]})").find("belongs to another copy"), std::string::npos);
  EXPECT_NE(fault(R"({"copy":"a to b","segments":[]})").find("--segments 0"), std::string::npos);
  EXPECT_NE(fault("{}").find("is not a copy's state"), std::string::npos);
  EXPECT_NE(fault("no JSON"), "no fault");
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

}  // namespace
}  // namespace stator::toolkit
