#include <gtest/gtest.h>
#include <time.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/api.h"
#include "core/api_error.h"
#include "engine/engine.h"

/// Requests of many parts: each must be answered in time proportional to its bytes plus the bytes it reads, not to
/// their product. Each case takes milliseconds, and takes seconds to minutes if every part is compared with every
/// other.
namespace stator::api {
namespace {

/// Processor time of this thread alone, so that a busy machine fails no test.
constexpr double kMaxSeconds = 5;

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// Joins part(0), part(1), … with `separator`.
std::string joined(std::size_t count, const std::function<std::string(std::string)>& part,
                   std::string_view separator = ",") {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) out += separator;
    out += part(std::to_string(i));
  }
  return out;
}

std::string quoted(const std::string& text) { return "\"" + text + "\""; }
std::string string_value(const std::string& text) { return R"({"S":")" + text + "\"}"; }

struct Outcome {
  std::string error;  // empty if the request succeeded
  std::string text;   // the reply, or the error's message
};

class LinearTime : public testing::Test {
 protected:
  LinearTime() {
    ask("CreateTable",
        R"({"TableName":"hash","BillingMode":"PAY_PER_REQUEST",
            "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
            "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]})");
  }

  Outcome ask(std::string_view operation, const std::string& body) {
    Context context{*engine_};
    Outcome outcome;
    const double start = thread_seconds();
    try {
      call(context, operation, body, 0, outcome.text);
    } catch (const core::ApiError& error) {
      outcome = {std::string(error.type.name()), error.message};
    }
    EXPECT_LT(thread_seconds() - start, kMaxSeconds) << operation << ' ' << body.substr(0, 200);
    return outcome;
  }

  void must_succeed(std::string_view operation, const std::string& body) {
    const Outcome outcome = ask(operation, body);
    EXPECT_EQ(outcome.error, "") << outcome.text.substr(0, 300);
  }

  void must_fail(std::string_view operation, const std::string& body, std::string_view error,
                 std::string_view message_start) {
    const Outcome outcome = ask(operation, body);
    EXPECT_EQ(outcome.error, error) << outcome.text.substr(0, 300);
    EXPECT_TRUE(outcome.text.starts_with(message_start)) << outcome.text.substr(0, 300);
  }

  void put(const std::string& attributes) {
    must_succeed("PutItem", R"({"TableName":"hash","Item":{"pk":{"S":"a"},)" + attributes + "}}");
  }

  /// The update of the item written by `put`.
  static std::string update(const std::string& members) {
    return R"({"TableName":"hash","Key":{"pk":{"S":"a"}},)" + members + "}";
  }

  /// Checks a condition that must be false.
  void must_not_hold(const std::string& condition, const std::string& values) {
    must_fail("UpdateItem",
              update(R"("ConditionExpression":")" + condition + R"(","ExpressionAttributeValues":{)" + values + "}"),
              "ConditionalCheckFailedException", "The conditional request failed");
  }

  /// Very many very small items.
  void put_small_items(std::size_t batches) {
    for (std::size_t batch = 0; batch < batches; ++batch) {
      const auto request = [&](const std::string& i) {
        return R"({"PutRequest":{"Item":{"pk":{"S":")" + std::to_string(batch) + "-" + i + R"("},"x":{"N":"1"}}}})";
      };
      must_succeed("BatchWriteItem", R"({"RequestItems":{"hash":[)" + joined(25, request) + "]}}");
    }
  }

  std::unique_ptr<engine::Engine> engine_ = engine::Engine::open({});
};

constexpr std::string_view kInvalid = "One or more parameter values were invalid: ";

// ---- Conditions on large values -------------------------------------------------------------------------------------

TEST_F(LinearTime, ContainsSearchesLongTextsForLongTexts) {
  put(R"("x":)" + string_value(std::string(390'000, 'a')));
  // The needle's differing letter is where a naive search goes furthest at each position.
  const std::string needles[] = {
      std::string(195'000, 'a') + "b",
      "b" + std::string(195'000, 'a'),
      std::string(100'000, 'a') + "b" + std::string(95'000, 'a'),
      std::string(1000, 'a') + "b",
      std::string(127, 'a') + "b" + std::string(127, 'a'),
      "ba",
  };
  for (const std::string& needle : needles) {
    must_not_hold(joined(
                      100, [](const auto&) { return std::string("contains(x,:v)"); }, " OR "),
                  R"(":v":)" + string_value(needle));
  }
}

TEST_F(LinearTime, ContainsSearchesForManyDifferentTexts) {
  put(R"("x":)" + string_value(std::string(390'000, 'a')));
  const auto needle = [](const std::string& i) {
    return quoted(":v" + i) + ":" + string_value(std::string(100'000, 'a') + i + std::string(50'000, 'a'));
  };
  must_not_hold(joined(
                    100, [](const auto& i) { return "contains(x,:v" + i + ")"; }, " OR "),
                joined(100, needle));
}

TEST_F(LinearTime, LargeSetsAreComparedOnceHoweverOftenTheyAreNamed) {
  const auto member = [](const std::string& i) { return quoted(std::to_string(100'000 + std::stoi(i))); };
  put(R"("x":{"SS":[)" + joined(40'000, member) + "]}");
  const auto backwards = [](const std::string& i) {
    return quoted(i == "7" ? "other!" : std::to_string(139'999 - std::stoi(i)));
  };
  const std::string set = R"(":v":{"SS":[)" + joined(40'000, backwards) + "]}";
  must_not_hold(joined(
                    150, [](const auto&) { return std::string("x=:v"); }, " OR "),
                set);
  must_not_hold(
      joined(
          10, [](const auto&) { return "x IN(" + joined(100, [](const auto&) { return std::string(":v"); }) + ")"; },
          " OR "),
      set);
  must_not_hold(joined(
                    70, [](const auto&) { return std::string("size(x)=size(:v) AND x=:v"); }, " OR "),
                set);
}

TEST_F(LinearTime, ListsAreSearchedForLargeMaps) {
  // Each element has as many members as the map that is searched for, and their names differ only at their ends.
  put(R"("x":{"L":[)" +
      joined(3000,
             [](const auto& i) {
               return R"({"M":{"a)" + i + R"(":{"N":"1"},"b":{"N":"1"},"c":{"N":"1"},"d":{"N":"1"}}})";
             }) +
      "]}");
  const auto name = [](char last) { return quoted(std::string(60'000, 'n') + last); };
  std::string map = R"(":v":{"M":{)";
  for (const char last : {'a', 'b', 'c', 'd'}) map += (last == 'a' ? "" : ",") + name(last) + R"(:{"N":"1"})";
  must_not_hold(joined(
                    150, [](const auto&) { return std::string("contains(x,:v)"); }, " OR "),
                map + "}}");
}

TEST_F(LinearTime, ManyPathsLeadIntoALargeMap) {
  put(R"("m":{"M":{)" + joined(20'000, [](const auto& i) { return "\"k" + i + R"(":{"N":"1"})"; }) + "}}");
  const auto path = [](const std::string& i) { return "m.k" + std::to_string(19'999 - std::stoi(i)); };
  must_not_hold(joined(
                    150, [&](const auto& i) { return path(i) + "=:v"; }, " OR "),
                R"(":v":{"N":"2"})");
  must_succeed("GetItem", update(R"("ProjectionExpression":")" + joined(400, path) + "\""));
  must_succeed("UpdateItem", update(R"("UpdateExpression":"REMOVE )" + joined(400, path) + "\""));
}

// ---- Legacy parameters ----------------------------------------------------------------------------------------------

TEST_F(LinearTime, LegacyFiltersOfManyAttributes) {
  put_small_items(200);
  const auto is_null = [](const std::string& i) { return "\"a" + i + R"(":{"ComparisonOperator":"NULL"})"; };
  const std::string filter = "{" + joined(100'000, is_null) + "}";
  must_succeed(
      "Query",
      R"({"TableName":"hash","KeyConditions":{"pk":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"a"}]}},
                            "QueryFilter":)" +
          filter + "}");
  const Outcome all = ask("Scan", R"({"TableName":"hash","Select":"COUNT","ScanFilter":)" + filter + "}");
  EXPECT_TRUE(all.text.starts_with(R"({"Count":5000,"ScannedCount":5000)")) << all.text.substr(0, 100);
  const auto is_present = [](const std::string& i) { return "\"a" + i + R"(":{"ComparisonOperator":"NOT_NULL"})"; };
  const Outcome none = ask("Scan", R"({"TableName":"hash","Select":"COUNT","ConditionalOperator":"OR","ScanFilter":{)" +
                                       joined(100'000, is_present) + "}}");
  EXPECT_TRUE(none.text.starts_with(R"({"Count":0,"ScannedCount":5000)")) << none.text.substr(0, 100);
}

TEST_F(LinearTime, LegacyListsOfManyCandidates) {
  put_small_items(200);
  const std::string candidates = joined(200'000, [](const auto& i) { return R"({"N":"9)" + i + "\"}"; });
  const Outcome none = ask(
      "Scan",
      R"({"TableName":"hash","Select":"COUNT","ScanFilter":{"x":{"ComparisonOperator":"IN","AttributeValueList":[)" +
          candidates + "]}}}");
  EXPECT_TRUE(none.text.starts_with(R"({"Count":0,"ScannedCount":5000)")) << none.text.substr(0, 100);
}

TEST_F(LinearTime, LegacyUpdatesOfManyAttributes) {
  const auto one = [](const std::string& i) { return "\"a" + i + R"(":{"Value":{"N":"1"}})"; };
  must_fail("UpdateItem", update(R"("AttributeUpdates":{)" + joined(300'000, one) + "}"), "ValidationException",
            "Item size to update has exceeded the maximum allowed size");
  must_succeed("UpdateItem",
               update(R"("ReturnValues":"UPDATED_NEW","AttributeUpdates":{)" + joined(15'000, one) + "}"));
  must_succeed("UpdateItem",
               update(R"("ReturnValues":"UPDATED_OLD","AttributeUpdates":{)" + joined(15'000, one) + "}"));
}

TEST_F(LinearTime, ExpectedOfManyAttributes) {
  const auto is_absent = [](const std::string& i) { return "\"a" + i + R"(":{"Exists":false})"; };
  must_succeed("UpdateItem", update(R"("Expected":{)" + joined(300'000, is_absent) + "}"));
}

// ---- Names, values, keys --------------------------------------------------------------------------------------------

TEST_F(LinearTime, ManyNamesAndValuesOfExpressions) {
  must_fail(
      "UpdateItem",
      update(R"("UpdateExpression":"SET #n1=:v1","ExpressionAttributeNames":{)" +
             joined(200'000, [](const auto& i) { return "\"#n" + i + "\":\"a" + i + "\""; }) +
             R"(},"ExpressionAttributeValues":{)" +
             joined(200'000, [](const auto& i) { return "\":v" + i + R"(":{"N":"1"})"; }) + "}"),
      "ValidationException",
      "1 validation error detected: Value provided in ExpressionAttributeNames unused in expressions: keys: {#n0, ");
}

TEST_F(LinearTime, ManyAttributesInAKey) {
  const std::string key = "{" + joined(300'000, [](const auto& i) { return "\"a" + i + R"(":{"S":"x"})"; }) + "}";
  const std::string mismatch = "The provided key element does not match the schema";
  must_fail("GetItem", R"({"TableName":"hash","Key":)" + key + "}", "ValidationException", mismatch);
  must_fail("BatchWriteItem", R"({"RequestItems":{"hash":[{"DeleteRequest":{"Key":)" + key + "}}]}}",
            "ValidationException", mismatch);
  must_fail("Scan", R"({"TableName":"hash","ExclusiveStartKey":)" + key + "}", "ValidationException",
            "The provided starting key is invalid");
}

TEST_F(LinearTime, ManyMembersThatNoOneKnows) {
  must_succeed("GetItem", update(joined(500'000, [](const auto& i) { return "\"x" + i + "\":0"; })));
}

TEST_F(LinearTime, ManyTablesInABatch) {
  must_fail("BatchGetItem",
            R"({"RequestItems":{)" +
                joined(100'000, [](const auto& i) { return "\"table" + i + R"(":{"Keys":[{"pk":{"S":"a"}}]})"; }) +
                "}}",
            "ValidationException", "Too many items requested for the BatchGetItem call");
  must_fail(
      "BatchWriteItem",
      R"({"RequestItems":{)" +
          joined(100'000,
                 [](const auto& i) { return "\"table" + i + R"(":[{"DeleteRequest":{"Key":{"pk":{"S":"a"}}}}])"; }) +
          "}}",
      "ValidationException", "Too many items requested for the BatchWriteItem call");
}

// ---- Updates --------------------------------------------------------------------------------------------------------

TEST_F(LinearTime, OneLargeValueForManyAttributes) {
  put(R"("x":{"N":"1"})");
  const std::string value = R"(":v":)" + string_value(std::string(8'000'000, 'v'));
  must_fail("UpdateItem",
            update(R"("UpdateExpression":"SET )" + joined(400, [](const auto& i) { return "a" + i + "=:v"; }) +
                   R"(","ExpressionAttributeValues":{)" + value + "}"),
            "ValidationException", "Item size to update has exceeded the maximum allowed size");
  must_not_hold(joined(
                    150, [](const auto&) { return std::string("pk=:v"); }, " OR "),
                value);
}

TEST_F(LinearTime, OneLargeSetTakenFromManyAttributes) {
  put(joined(400, [](const auto& i) { return "\"a" + i + R"(":{"SS":["0","x"]})"; }));
  const std::string set = R"({"SS":[)" + joined(300'000, quoted) + "]}";
  must_succeed("UpdateItem",
               update(R"("UpdateExpression":"DELETE )" + joined(400, [](const auto& i) { return "a" + i + " :v"; }) +
                      R"(","ExpressionAttributeValues":{":v":)" + set + "}"));
  must_fail("UpdateItem",
            update(R"("UpdateExpression":"ADD )" + joined(400, [](const auto& i) { return "a" + i + " :v"; }) +
                   R"(","ExpressionAttributeValues":{":v":)" + set + "}"),
            "ValidationException", "Item size to update has exceeded the maximum allowed size");
}

TEST_F(LinearTime, ManyElementsRemovedFromALongList) {
  put(R"("l":{"L":[)" + joined(30'000, [](const auto&) { return std::string(R"({"N":"1"})"); }) + "]}");
  must_succeed("UpdateItem", update(R"("UpdateExpression":"REMOVE )" +
                                    joined(500, [](const auto& i) { return "l[" + i + "]"; }) + "\""));
  const Outcome reply = ask(
      "UpdateItem", update(R"("ConditionExpression":"size(l)=:n","ExpressionAttributeValues":{":n":{"N":"29500"}})"));
  EXPECT_EQ(reply.error, "") << reply.text;
}

// ---- Tables ---------------------------------------------------------------------------------------------------------

std::string definitions(std::size_t count) {
  return R"("AttributeDefinitions":[)" +
         joined(count, [](const auto& i) { return R"({"AttributeName":"a)" + i + R"(","AttributeType":"S"})"; }) + "]";
}

TEST_F(LinearTime, ManyAttributeDefinitions) {
  must_fail(
      "CreateTable",
      R"({"TableName":"other","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"a49999","KeyType":"HASH"}],)" +
          definitions(50'000) + "}",
      "ValidationException", std::string(kInvalid) + "Number of attributes in KeySchema does not exactly match");
  must_fail(
      "UpdateTable",
      R"({"TableName":"hash","GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"all","Projection":{"ProjectionType":"ALL"},"KeySchema":[{"AttributeName":"none","KeyType":"HASH"}]}}],)" +
          definitions(50'000) + "}",
      "ValidationException", std::string(kInvalid) + "Some index key attributes are not defined");
  must_succeed(
      "UpdateTable",
      R"({"TableName":"hash","GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"all","Projection":{"ProjectionType":"ALL"},"KeySchema":[{"AttributeName":"a7","KeyType":"HASH"}]}}],)" +
          definitions(50'000) + "}");
}

TEST_F(LinearTime, ManyIndexesOnManyDefinitions) {
  const auto index = [](const std::string& i) {
    return R"({"IndexName":"index)" + i +
           R"(","Projection":{"ProjectionType":"ALL"},"KeySchema":[{"AttributeName":"a)" + i +
           R"(","KeyType":"HASH"}]})";
  };
  must_fail(
      "CreateTable",
      R"({"TableName":"other","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"a1","KeyType":"HASH"}],"GlobalSecondaryIndexes":[)" +
          joined(50'000, index) + "]," + definitions(50'000) + "}",
      "ValidationException", std::string(kInvalid) + "GlobalSecondaryIndex count exceeds the per-table limit of 20");
}

TEST_F(LinearTime, ManyUpdatesOfIndexes) {
  const auto remove = [](const std::string& i) { return R"({"Delete":{"IndexName":"index)" + i + "\"}}"; };
  must_fail("UpdateTable", R"({"TableName":"hash","GlobalSecondaryIndexUpdates":[)" + joined(100'000, remove) + "]}",
            "LimitExceededException", "Subscriber limit exceeded");
}

TEST_F(LinearTime, ManyProjectedAttributes) {
  must_fail(
      "CreateTable",
      R"({"TableName":"other","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"a0","KeyType":"HASH"}],)" +
          definitions(1) +
          R"(,"GlobalSecondaryIndexes":[{"IndexName":"some","KeySchema":[{"AttributeName":"a0","KeyType":"HASH"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":[)" +
          joined(200'000, quoted) + "]}}]}",
      "ValidationException", "1 validation error detected: Value '[0, 1, 2");
}

TEST_F(LinearTime, ManyTags) {
  const std::string arn = R"("ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/hash",)";
  const auto tag = [](const std::string& i) { return R"({"Key":"k)" + i + R"(","Value":"v"})"; };
  const std::string too_many = "Number of Tags exceed the current limit for the provided ResourceArn";
  must_fail("TagResource", "{" + arn + R"("Tags":[)" + joined(100'000, tag) + "]}", "ValidationException", too_many);
  must_succeed("TagResource", "{" + arn + R"("Tags":[)" + joined(50, tag) + "]}");
  must_fail("UntagResource", "{" + arn + R"("TagKeys":[)" + joined(300'000, quoted) + "]}", "ValidationException",
            too_many);
}

// ---- Projections ----------------------------------------------------------------------------------------------------

TEST_F(LinearTime, ManyPathsOverManySmallItems) {
  put_small_items(200);
  const Outcome page = ask("Scan", R"({"TableName":"hash","ProjectionExpression":"x,)" +
                                       joined(800, [](const auto& i) { return "a" + i; }) + "\"}");
  EXPECT_TRUE(page.text.starts_with(R"({"Items":[{"x":{"N":"1"}},)")) << page.text.substr(0, 100);
}

}  // namespace
}  // namespace stator::api
