#include "toolkit/table_update.h"

#include <gtest/gtest.h>

#include "endpoint/embedded.h"
#include "toolkit/tables.h"

namespace stator::toolkit {
namespace {

/// A CreateTable request of table "shop" with these further members.
std::string request(const std::string& members, const std::string& definitions = "",
                    const std::string& billing = R"("BillingMode":"PAY_PER_REQUEST")") {
  return R"({"TableName":"shop","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"})" + definitions +
         R"(],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],)" + billing + (members.empty() ? "" : ",") +
         members + "}";
}

const std::string kDefinitions =
    R"(,{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"b","AttributeType":"N"})";
const std::string kIndexes =
    R"("GlobalSecondaryIndexes":[{"IndexName":"by-a","KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],)"
    R"("Projection":{"ProjectionType":"ALL"}},{"IndexName":"by-b","KeySchema":[{"AttributeName":"b","KeyType":"HASH"}],)"
    R"("Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["x","y"]}}])";
const std::string kOtherIndexes =
    R"("GlobalSecondaryIndexes":[{"IndexName":"by-a","KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],)"
    R"("Projection":{"ProjectionType":"KEYS_ONLY"}},{"IndexName":"new-one","KeySchema":[)"
    R"({"AttributeName":"b","KeyType":"HASH"},{"AttributeName":"a","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}])";

std::string vector_index(const std::string& name, int dimensions, const std::string& schema = {}) {
  return R"({"IndexName":")" + name + R"(","VectorAttribute":{"AttributeName":"v"},"Dimensions":)" +
         std::to_string(dimensions) + R"(,"DistanceFunction":"COSINE",)" + schema +
         R"("Projection":{"ProjectionType":"KEYS_ONLY"}})";
}
const std::string kVectorIndexes = R"("VectorIndexes":[)" + vector_index("near", 4) + "]";
const std::string kOtherVectorIndexes =
    R"("VectorIndexes":[)" + vector_index("near", 8) + "," +
    vector_index("nearest", 8,
                 R"("SearchSchema":[{"AttributeName":"a","SearchSchemaElementType":"HASH"},)"
                 R"({"AttributeName":"b","SearchSchemaElementType":"INLINE_FILTER"}],)") +
    "]";

struct Row {
  std::string name;
  std::string live;
  WantedTable wanted;
  std::vector<std::string> changes;
};

TEST(TableUpdate, PlansWhatDiffersAndBringsItInLine) {
  const Row rows[] = {
      {"the same", request(kIndexes, kDefinitions), {"shop", request(kIndexes, kDefinitions), ""}, {}},
      {"indexes",
       request(kIndexes, kDefinitions),
       {"shop", request(kOtherIndexes, kDefinitions), ""},
       {"- index by-a", "- index by-b", "+ index by-a: a S; KEYS_ONLY", "+ index new-one: b N, a S (sort); ALL"}},
      {"indexes from none",
       request(""),
       {"shop", request(kIndexes, kDefinitions), ""},
       {"+ index by-a: a S; ALL", "+ index by-b: b N; INCLUDE x y"}},
      {"the same vector indexes", request(kVectorIndexes), {"shop", request(kVectorIndexes), ""}, {}},
      {"vector indexes",
       request(kVectorIndexes),
       {"shop", request(kOtherVectorIndexes, kDefinitions), ""},
       {"- vector index near", "+ vector index near: v (8, COSINE); KEYS_ONLY",
        "+ vector index nearest: v (8, COSINE); partition a S; filters b N; KEYS_ONLY"}},
      {"vector indexes that the model does not name",
       request(kVectorIndexes),
       {"shop",
        request(
            "", "",
            R"("BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1})"),
        ""},
       {"- vector index near", "~ capacity: 1 read and 1 write units, instead of on demand"}},
      {"time to live", request(""), {"shop", request(""), "expires"}, {"+ time to live by expires"}},
      {"stream",
       request(R"("StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"})"),
       {"shop", request(R"("StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"})"), ""},
       {"- stream of KEYS_ONLY", "+ stream of NEW_IMAGE"}},
      {"a stream that the model does not mention",
       request(R"("StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"})"),
       {"shop", request(""), ""},
       {}},
      {"tags",
       request(R"("Tags":[{"Key":"team","Value":"a"},{"Key":"old","Value":"x"}])"),
       {"shop", request(R"("Tags":[{"Key":"team","Value":"b"},{"Key":"env","Value":"test"}])"), ""},
       {"- tags old", "+ tags env=test team=b"}},
      {"protection",
       request(""),
       {"shop", request(R"("DeletionProtectionEnabled":true)"), ""},
       {"+ protection against deletion"}},
      {"capacity",
       request(""),
       {"shop",
        request(
            "", "",
            R"("BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":3,"WriteCapacityUnits":2})"),
        ""},
       {"~ capacity: 3 read and 2 write units, instead of on demand"}},
  };
  for (const Row& row : rows) {
    endpoint::Embedded endpoint{engine::Options{}};
    create_table(endpoint, "shop", row.live);
    std::vector<std::string> texts;
    const TablePlan plan = plan_table(endpoint, row.wanted);
    for (const TableChange& change : plan.changes) texts.push_back(change.text);
    EXPECT_EQ(texts, row.changes) << row.name;
    EXPECT_TRUE(plan.impossible.empty()) << row.name;
    for (const TableChange& change : plan.changes) {
      EXPECT_NO_THROW(apply(endpoint, "shop", change)) << row.name << ": " << change.request;
    }
    EXPECT_TRUE(plan_table(endpoint, row.wanted).empty()) << row.name << ": a second plan finds nothing";
  }
}

TEST(TableUpdate, SaysWhatCannotBeChanged) {
  endpoint::Embedded endpoint{engine::Options{}};
  create_table(endpoint, "shop", request(""));
  const TablePlan plan = plan_table(
      endpoint,
      {"shop",
       R"({"TableName":"shop","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"N"},)"
       R"({"AttributeName":"sk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},)"
       R"({"AttributeName":"sk","KeyType":"RANGE"}],"BillingMode":"PAY_PER_REQUEST","LocalSecondaryIndexes":[)"
       R"({"IndexName":"local","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},)"
       R"({"AttributeName":"sk","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}]})",
       ""});
  EXPECT_EQ(plan.impossible, (std::vector<std::string>{"the key is pk S, not pk N, sk S (sort)",
                                                       "local index local is only in the model"}));
}

}  // namespace
}  // namespace stator::toolkit
