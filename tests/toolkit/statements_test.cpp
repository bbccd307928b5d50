#include "toolkit/statements.h"

#include <gtest/gtest.h>

#include "toolkit/plain_json.h"

namespace stator::toolkit {
namespace {

TEST(StatementParameters, MayBePlainOrInDynamoDbsJson) {
  const std::pair<const char*, const char*> rows[] = {
      {"[]", "[]"},
      {R"([{"S": "a"}, {"N": "1"}])", R"([{"S":"a"},{"N":"1"}])"},
      {R"(["a", 12345678901234567890123456789012345678, true, null, [1], {"S": "a"}])",
       R"([{"S":"a"},{"N":"12345678901234567890123456789012345678"},{"BOOL":true},{"NULL":true},{"L":[{"N":"1"}]},{"S":"a"}])"},
      {R"([{"name": "a"}, {"$SS": ["a"]}, {"M": {"a": {"S": "b"}}}])",
       R"([{"M":{"name":{"S":"a"}}},{"SS":["a"]},{"M":{"a":{"S":"b"}}}])"},
  };
  for (const auto& [given, wire] : rows) EXPECT_EQ(statement_parameters(given), wire);
  for (const char* bad : {"", "{}", "1", "[", "[1,]", R"([{"$NS": ["x"]}])"})
    EXPECT_THROW(statement_parameters(bad), PlainJsonError) << bad;
}

}  // namespace
}  // namespace stator::toolkit
