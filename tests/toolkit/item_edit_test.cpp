#include "toolkit/item_edit.h"

#include <gtest/gtest.h>

#include "endpoint/embedded.h"
#include "toolkit/call.h"
#include "toolkit/expression_words.h"
#include "toolkit/tables.h"

namespace stator::toolkit {
namespace {

class ItemEdit : public ::testing::Test {
 protected:
  ItemEdit() {
    create_table(endpoint_, "items",
                 R"({"TableName":"items","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],)"
                 R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"})");
    table_ = describe_table(endpoint_, "items");
  }
  void put(const std::string& item) { call(endpoint_, "PutItem", R"({"TableName":"items","Item":)" + item + "}"); }
  std::string item() { return call(endpoint_, "GetItem", R"({"TableName":"items","Key":{"pk":{"S":"a"}}})"); }
  std::string outcome(const std::string& request) {
    try {
      call(endpoint_, "UpdateItem", request);
      return "written";
    } catch (const OperationError& error) {
      return std::string(error.type.name());
    }
  }
  endpoint::Embedded endpoint_{engine::Options{}};
  TableInfo table_;
};

TEST_F(ItemEdit, WritesTheDifferenceOnlyWhereNothingChangedMeanwhile) {
  const std::string before = R"({"pk":{"S":"a"},"n":{"N":"1"},"s":{"SS":["x","y"]},"gone":{"BOOL":true}})";
  const std::string after = R"({"pk":{"S":"a"},"n":{"N":"2"},"s":{"SS":["y","x"]},"m":{"M":{"k":{"NULL":true}}}})";
  const ItemChange change = change_item(table_, before, after);
  EXPECT_EQ(change.set, 2U);
  EXPECT_EQ(change.removed, 1U);
  for (const char* changed :
       {R"({"pk":{"S":"a"},"n":{"N":"9"},"s":{"SS":["x","y"]},"gone":{"BOOL":true}})",
        R"({"pk":{"S":"a"},"n":{"N":"1"},"s":{"SS":["x"]},"gone":{"BOOL":true}})",
        R"({"pk":{"S":"a"},"n":{"N":"1"},"s":{"SS":["x","y"]}})",
        R"({"pk":{"S":"a"},"n":{"N":"1"},"s":{"SS":["x","y"]},"gone":{"BOOL":true},"m":{"S":"x"}})"}) {
    put(changed);
    EXPECT_EQ(outcome(change.request), "ConditionalCheckFailedException") << changed;
  }
  put(before);
  EXPECT_EQ(outcome(change.request), "written");
  EXPECT_TRUE(same_items(R"({"pk":{"S":"a"},"n":{"N":"2.0"},"s":{"SS":["x","y"]},"m":{"M":{"k":{"NULL":true}}}})",
                         item().substr(8, item().size() - 9)))
      << item();
}

TEST_F(ItemEdit, IsNoRequestWhereTheItemsAreTheSame) {
  EXPECT_EQ(change_item(table_, R"({"pk":{"S":"a"},"n":{"N":"1"}})", R"({"n":{"N":"1.0"},"pk":{"S":"a"}})").request,
            "");
  EXPECT_THROW(change_item(table_, R"({"pk":{"S":"a"}})", R"({"pk":{"S":"b"}})"), WordError);
  EXPECT_THROW(change_item(table_, R"({"pk":{"S":"a"}})", R"({})"), WordError);
}

TEST_F(ItemEdit, TakesItemsOfMoreAttributesThanAConditionHolds) {
  std::string before = R"({"pk":{"S":"a"})";
  for (int i = 0; i < 500; ++i) before += ",\"a" + std::to_string(i) + "\":{\"N\":\"1\"}";
  put(before + "}");
  EXPECT_EQ(outcome(change_item(table_, before + "}", before + R"(,"new":{"S":"x"}})").request), "written");
  EXPECT_EQ(outcome(change_item(table_, before + "}", before + R"(,"new":{"S":"x"}})").request),
            "ConditionalCheckFailedException");
}

TEST_F(ItemEdit, ComparesListsAndMapsByTheirPartsWhereAsked) {
  const std::string before =
      R"({"pk":{"S":"a"},"m":{"M":{"k":{"L":[{"N":"1"},{"M":{"deep":{"SS":["x"]}}}]},"size":{"S":"2"}}},"e":{"L":[]}})";
  const std::string after = R"({"pk":{"S":"a"},"m":{"M":{"k":{"L":[]},"size":{"S":"2"}}},"e":{"L":[]}})";
  const std::string request = change_item(table_, before, after, Watch::kLeaves).request;
  put(before);
  for (
      const char* other :
      {R"({"pk":{"S":"a"},"m":{"M":{"k":{"L":[{"N":"1"},{"M":{"deep":{"SS":["y"]}}}]},"size":{"S":"2"}}},"e":{"L":[]}})",
       R"({"pk":{"S":"a"},"m":{"M":{"k":{"L":[{"N":"1"}]},"size":{"S":"2"}}},"e":{"L":[]}})",
       R"({"pk":{"S":"a"},"m":{"M":{"k":{"L":[{"N":"1"},{"M":{"deep":{"SS":["x"]}}}]},"size":{"S":"2"},"z":{"N":"1"}}},"e":{"L":[]}})",
       R"({"pk":{"S":"a"},"m":{"M":{"k":{"L":[{"N":"1"},{"M":{"deep":{"SS":["x"]}}}]},"size":{"S":"2"}}},"e":{"L":[{"N":"1"}]}})"}) {
    put(other);
    EXPECT_EQ(outcome(request), "ConditionalCheckFailedException") << other;
  }
  put(before);
  EXPECT_EQ(outcome(request), "written");
  EXPECT_TRUE(same_items(item().substr(8, item().size() - 9), after)) << item();
}

}  // namespace
}  // namespace stator::toolkit
