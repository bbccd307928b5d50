#include "toolkit/tables.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include "toolkit/scripted_endpoint.h"

namespace stator::toolkit {
namespace {

const Sleep kNoSleep = [](std::chrono::milliseconds) {};

TEST(Tables, CreateWaitsUntilActive) {
  int described = 0;
  ScriptedEndpoint endpoint([&](std::string_view operation, auto) -> std::string {
    if (operation == "CreateTable") return "{}";
    return ++described < 3 ? R"({"Table":{"TableStatus":"CREATING"}})" : R"({"Table":{"TableStatus":"ACTIVE"}})";
  });
  const CreatedTable table = create_table(endpoint, "t", "{}", kNoSleep);
  EXPECT_TRUE(table.created);
  EXPECT_EQ(table.description_json, R"({"TableStatus":"ACTIVE"})");
  EXPECT_EQ(described, 3);
}

TEST(Tables, CreateSaysWhereOneExistsAndPassesOtherErrorsOn) {
  std::string type = "ResourceInUseException";
  ScriptedEndpoint endpoint([&](std::string_view operation, auto) -> std::string {
    if (operation == "CreateTable") throw core::ApiError(type, "no");
    return R"({"Table":{"TableStatus":"UPDATING"}})";
  });
  EXPECT_FALSE(create_table(endpoint, "t", "{}", kNoSleep).created);
  type = "LimitExceededException";
  EXPECT_THROW(create_table(endpoint, "t", "{}", kNoSleep), OperationError);
}

TEST(Tables, CreateGivesUpAfterItsTimeout) {
  ScriptedEndpoint endpoint([](auto, auto) { return R"({"Table":{"TableStatus":"CREATING"}})"; });
  EXPECT_THROW(create_table(endpoint, "t", "{}", kNoSleep, std::chrono::seconds(3)), std::runtime_error);
}

TEST(Tables, ListReadsAllPages) {
  ScriptedEndpoint endpoint([](auto, std::string_view body) -> std::string {
    if (body == "{}") return R"({"TableNames":["a","b"],"LastEvaluatedTableName":"b"})";
    if (body == R"({"ExclusiveStartTableName":"b"})") return R"({"TableNames":["c"]})";
    throw std::logic_error("unexpected");
  });
  EXPECT_EQ(list_tables(endpoint), (std::vector<std::string>{"a", "b", "c"}));
}

// `aws dynamodb delete-table` of Debian's AWS CLI 2.9.19 printed the expected text for this reply, with TZ=UTC.
TEST(Tables, DescriptionIsPrintedAsTheAwsCliPrintsIt) {
  const char* before = getenv("TZ");
  const std::string saved = before == nullptr ? "" : before;
  setenv("TZ", "UTC", 1);
  tzset();
  EXPECT_EQ(format_description(
                "TableDescription",
                R"({"ItemCount":0,"KeySchema":[{"KeyType":"HASH","AttributeName":"pk"}],"TableName":"abc",)"
                R"("CreationDateTime":1679306400.123,"TableStatus":"DELETING","ProvisionedThroughput":)"
                R"({"ReadCapacityUnits":5,"NumberOfDecreasesToday":0,"WriteCapacityUnits":5},"TableSizeBytes":0})"),
            R"({
    "TableDescription": {
        "TableName": "abc",
        "KeySchema": [
            {
                "AttributeName": "pk",
                "KeyType": "HASH"
            }
        ],
        "TableStatus": "DELETING",
        "CreationDateTime": "2023-03-20T10:00:00.123000+00:00",
        "ProvisionedThroughput": {
            "NumberOfDecreasesToday": 0,
            "ReadCapacityUnits": 5,
            "WriteCapacityUnits": 5
        },
        "TableSizeBytes": 0,
        "ItemCount": 0
    }
}
)");
  if (before == nullptr) {
    unsetenv("TZ");
  } else {
    setenv("TZ", saved.c_str(), 1);
  }
  tzset();
}

}  // namespace
}  // namespace stator::toolkit
