#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "api/api.h"
#include "json/reader.h"
#include "store/store.h"
#include "support/temporary_directory.h"

/// A table's row may have members of a later version: this version keeps them when it changes the table.
namespace stator::api {
namespace {

const std::string kRow = std::string(4, '\0') + "Ttable";

class RowsOfALaterVersion : public testing::Test {
 protected:
  void with_store(const std::function<void(store::Store&)>& work) const {
    const auto store = store::Store::open({directory_.path()});
    work(*store);
  }
  [[nodiscard]] std::string row() const {
    std::string text;
    with_store([&text](const store::Store& store) { ASSERT_TRUE(store.get(kRow, text)); });
    return text;
  }
  /// Inserts `member` at the start of each object of the row.
  void add_everywhere(const std::string& member) const {
    std::string text;
    for (const char c : row()) {
      text.push_back(c);
      if (c == '{') text += member + ',';
    }
    // Objects without other members must not end in a comma.
    for (std::size_t at = text.find(",}"); at != std::string::npos; at = text.find(",}")) text.erase(at, 1);
    with_store([&text](store::Store& store) {
      store::Batch batch;
      batch.put(kRow, text);
      store.write(batch);
    });
  }
  void call_all(std::initializer_list<std::pair<const char*, const char*>> requests) const {
    engine::Options options;
    options.directory = directory_.path();
    const auto engine = engine::Engine::open(options);
    Context context{*engine};
    for (const auto& [operation, request] : requests) {
      std::string reply;
      ASSERT_NO_THROW(call(context, operation, request, 0, reply)) << operation;
    }
  }

  TemporaryDirectory directory_;
};

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST_F(RowsOfALaterVersion, KeepWhatThisOneDoesNotKnow) {
  call_all({{"CreateTable", R"({"TableName":"table","BillingMode":"PROVISIONED",
      "ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1},
      "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"},
        {"AttributeName":"l","AttributeType":"S"}],
      "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
      "LocalSecondaryIndexes":[{"IndexName":"lsi","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},
        {"AttributeName":"l","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}],
      "GlobalSecondaryIndexes":[{"IndexName":"gsi","KeySchema":[{"AttributeName":"l","KeyType":"HASH"}],
        "Projection":{"ProjectionType":"ALL"},
        "ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}}],
      "Tags":[{"Key":"kept","Value":"1"},{"Key":"dropped","Value":"2"}]})"}});
  const std::string member = R"("later":{"list":[1,{"x":"\"é\n"}],"number":-2.5,"nothing":null})";
  add_everywhere(member);
  const std::size_t objects = count(row(), member);
  ASSERT_GT(objects, 20U);

  const std::string arn = "arn:aws:dynamodb:us-east-1:000000000000:table/table";
  const std::string tag = R"({"ResourceArn":")" + arn + R"(","Tags":[{"Key":"new","Value":"3"}]})";
  const std::string untag = R"({"ResourceArn":")" + arn + R"(","TagKeys":["dropped"]})";
  call_all({{"UpdateTimeToLive",
             R"({"TableName":"table","TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":true}})"},
            {"TagResource", tag.c_str()},
            {"UpdateTable",
             R"({"TableName":"table","ProvisionedThroughput":{"ReadCapacityUnits":2,"WriteCapacityUnits":2}})"},
            {"UpdateTable", R"({"TableName":"table","DeletionProtectionEnabled":true})"}});
  EXPECT_EQ(count(row(), member), objects) << row();
  call_all({{"UntagResource", untag.c_str()},
            {"TagResource", R"({"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/table",
                "Tags":[{"Key":"dropped","Value":"4"}]})"}});
  EXPECT_EQ(count(row(), member), objects - 1) << "what was said of a dropped tag is not said of its successor";

  // The global index: itself, its schema and the attribute of that, its throughput and limits.
  call_all(
      {{"UpdateTable", R"({"TableName":"table","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"gsi"}}]})"}});
  EXPECT_EQ(count(row(), member), objects - 1 - 6) << row();
  call_all({{"DescribeTable", R"({"TableName":"table"})"},
            {"PutItem", R"({"TableName":"table","Item":{"pk":{"S":"a"},"sk":{"N":"1"}}})"}});
}

}  // namespace
}  // namespace stator::api
