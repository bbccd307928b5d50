#include "server/authorization.h"

#include <gtest/gtest.h>

#include "core/api_error.h"

namespace stator::server {
namespace {

/// Returns "ok", or the text after "not authorized to perform: ".
std::string judge(const AccessRules& rules, std::string_view operation, std::string_view request) {
  AccessKey caller;
  caller.name = "reader";
  caller.rules = rules;
  try {
    authorize(caller, operation, json::Parser::of_this_thread().parse(request), "eu-west-3", "000000000000");
    return "ok";
  } catch (const core::ApiError& error) {
    EXPECT_EQ(error.type, "AccessDeniedException");
    const std::string begin = "User: arn:aws:iam::000000000000:user/reader is not authorized to perform: ";
    EXPECT_TRUE(error.message.starts_with(begin)) << error.message;
    return error.message.substr(begin.size());
  }
}

std::string denied(const std::string& operation, const std::string& table) {
  return "dynamodb:" + operation + " on resource: arn:aws:dynamodb:eu-west-3:000000000000:table/" + table +
         " because no identity-based policy allows the dynamodb:" + operation + " action";
}

struct Row {
  const char* operation;
  const char* request;
  /// The table that is refused, or null.
  const char* table;
};

const AccessRules kReadOnly{.read_only = true, .tables = {}};
const AccessRules kTables{.read_only = false, .tables = {"app-*", "shared"}};

TEST(Authorization, AKeyWithoutRulesMayDoEverything) {
  EXPECT_EQ(judge({}, "DeleteTable", R"({"TableName":"t"})"), "ok");
  EXPECT_EQ(judge({}, "NoSuchOperation", "{}"), "ok");
}

TEST(Authorization, AReadOnlyKeyReads) {
  const Row rows[] = {
      {"GetItem", R"({"TableName":"t"})", nullptr},
      {"Query", R"({"TableName":"t"})", nullptr},
      {"ListTables", "{}", nullptr},
      {"DescribeLimits", "{}", nullptr},
      {"BatchGetItem", R"({"RequestItems":{"t":{}}})", nullptr},
      {"PutItem", R"({"TableName":"t"})", "t"},
      {"PutItem", R"({"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/t"})", "t"},
      {"PutItem", "{}", "*"},
      {"BatchWriteItem", R"({"RequestItems":{"t":[]}})", "t"},
      {"TransactWriteItems", R"({"TransactItems":[{"Put":{"TableName":"t"}}]})", "t"},
      {"CreateTable", R"({"TableName":"t"})", "t"},
      {"UpdateTimeToLive", R"({"TableName":"t"})", "t"},
      {"TagResource", R"({"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/t"})", "t"},
      {"ExecuteStatement", R"({"Statement":"SELECT * FROM t"})", nullptr},
      {"ExecuteStatement", R"({"Statement":"UPDATE t SET a = 1 WHERE pk = 'a'"})", "t"},
      {"ExecuteStatement", R"({"Statement":"this is none"})", "*"},
      {"BatchExecuteStatement", R"({"Statements":[{"Statement":"SELECT * FROM t WHERE pk = 'a'"}]})", nullptr},
      {"BatchExecuteStatement", R"({"Statements":[{"Statement":"SELECT * FROM t"},{"Statement":"DELETE FROM u"}]})",
       "t"},
      {"ExecuteTransaction", R"x({"TransactStatements":[{"Statement":"EXISTS(SELECT * FROM t WHERE pk = 'a')"}]})x",
       "t"},
      {"ExecuteTransaction", "{}", "*"},
      {"NoSuchOperation", "{}", "*"},
      {"getitem", R"({"TableName":"t"})", "*"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(judge(kReadOnly, row.operation, row.request),
              row.table == nullptr ? "ok" : denied(row.operation, row.table))
        << row.request;
  }
}

TEST(Authorization, AKeyForSomeTablesSeesNoOther) {
  const Row rows[] = {
      {"GetItem", R"({"TableName":"app-users"})", nullptr},
      {"PutItem", R"({"TableName":"shared"})", nullptr},
      {"DeleteTable", R"({"TableName":"app-users"})", nullptr},
      {"GetItem", R"({"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/shared"})", nullptr},
      {"DescribeLimits", "{}", nullptr},
      {"DescribeEndpoints", "{}", nullptr},
      {"GetItem", R"({"TableName":"other"})", "other"},
      {"GetItem", R"({"TableName":"sharedx"})", "sharedx"},
      {"GetItem", R"({"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/other"})", "other"},
      {"GetItem", R"({"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/other/index/shared"})", "other"},
      {"GetItem", R"({"TableName":null})", "*"},
      {"GetItem", "{}", "*"},
      {"GetItem", "[]", "*"},
      // If a member is given twice, the last one counts, as for the operation itself.
      {"GetItem", R"({"TableName":"shared","TableName":"other"})", "other"},
      {"GetItem", R"({"TableName":"other","TableName":"shared"})", nullptr},
      {"GetItem", R"({"TableName":"shared","TableName":null})", "*"},
      {"BatchGetItem", R"({"RequestItems":{"shared":{},"other":{}}})", "other"},
      {"BatchGetItem", R"({"RequestItems":{"shared":{}},"RequestItems":{"other":{}}})", "other"},
      {"BatchWriteItem", R"({"RequestItems":{"app-a":[],"shared":[]}})", nullptr},
      {"BatchWriteItem", R"({"RequestItems":{"arn:aws:dynamodb:us-east-1:0:table/other":[]}})", "other"},
      {"TransactGetItems", R"({"TransactItems":[{"Get":{"TableName":"shared"}},{"Get":{"TableName":"other"}}]})",
       "other"},
      {"TransactWriteItems",
       R"({"TransactItems":[{"Update":{"TableName":"shared"}},{"ConditionCheck":{"TableName":"other"}}]})", "other"},
      {"TransactWriteItems", R"({"TransactItems":[{"Delete":{"TableName":"app-1"}}]})", nullptr},
      {"TagResource", R"({"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/shared"})", nullptr},
      {"ListTagsOfResource", R"({"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/other"})", "other"},
      {"ListTagsOfResource", R"({"ResourceArn":"shared"})", "*"},
      {"ListTables", "{}", "*"},
      {"ListTables", R"({"ExclusiveStartTableName":"shared"})", "*"},
      {"ExecuteStatement", R"({"Statement":"SELECT * FROM shared"})", nullptr},
      {"ExecuteStatement", R"({"Statement":"SELECT * FROM \"other\".\"index\""})", "other"},
      {"ExecuteStatement", R"({"Statement":"INSERT INTO other VALUE {}"})", "other"},
      {"ExecuteStatement", R"({"Statement":"this is none"})", "*"},
      {"ExecuteTransaction",
       R"({"TransactStatements":[{"Statement":"DELETE FROM shared"},{"Statement":"DELETE FROM other"}]})", "other"},
      {"BatchExecuteStatement", R"({"Statements":[{"Statement":"UPDATE \"app-1\" SET a = 1"}]})", nullptr},
      {"RestoreTableFromBackup",
       R"({"TargetTableName":"shared","BackupArn":"arn:aws:dynamodb:us-east-1:0:table/other/backup/1"})", "other"},
      {"GetShardIterator", R"({"StreamArn":"arn:aws:dynamodb:us-east-1:0:table/other/stream/1"})", "other"},
      {"GetShardIterator", R"({"StreamArn":"arn:aws:dynamodb:us-east-1:0:table/shared/stream/1"})", nullptr},
      {"GetRecords", R"({"ShardIterator":"x"})", "*"},
      {"GetRecords", R"({"ShardIterator":"arn:aws:dynamodb:us-east-1:0:table/other/stream/1|1|AAAA"})", "other"},
      {"GetRecords", R"({"ShardIterator":"arn:aws:dynamodb:us-east-1:0:table/shared/stream/1|1|AAAA"})", nullptr},
      {"NoSuchOperation", R"({"TableName":"shared"})", "*"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(judge(kTables, row.operation, row.request),
              row.table == nullptr ? "ok" : denied(row.operation, row.table))
        << row.operation << row.request;
  }
}

}  // namespace
}  // namespace stator::server
