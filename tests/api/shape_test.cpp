#include "api/shape.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "api/operations.h"
#include "api/shape_text.h"
#include "core/api_error.h"
#include "json/scalars.h"
#include "json/unique_names.h"

namespace stator::api {
namespace {

struct Outcome {
  std::string type;
  std::string message;
  bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << outcome.type << ": " << outcome.message;
}

const Outcome kPasses{};

Outcome check(std::string_view operation, std::string_view body) {
  simdjson::dom::parser parser;
  auto parsed = parser.parse(body.data(), body.size());
  EXPECT_EQ(parsed.error(), simdjson::SUCCESS) << body;
  try {
    const Operation* const known = find_operation(operation);
    EXPECT_NE(known, nullptr) << operation;
    if (known != nullptr && check_shape(*known, json::Object(parsed.value())).repeats_name) {
      std::string settled;
      json::append_without_repeated(parsed.value(), settled);
      check_shape(*known, json::Object(parser.parse(settled).value()));
    }
  } catch (const core::ApiError& error) {
    return {std::string(error.type.name()), error.message};
  }
  return kPasses;
}

Outcome serialization(std::string_view message) { return {"SerializationException", std::string(message)}; }
Outcome validation(std::string_view message) { return {"ValidationException", std::string(message)}; }

/// One violation in a message ("Value null at 'key' …: Member must not be null"), without the fixed words.
struct Violated {
  std::string value;  // as printed, with quotes; or "null"
  std::string path;
  std::string constraint;
};

Outcome violates(const std::vector<Violated>& violations) {
  std::string message =
      std::to_string(violations.size()) + " validation error" + (violations.size() == 1 ? "" : "s") + " detected: ";
  for (std::size_t at = 0; at < violations.size(); ++at) {
    message += (at == 0 ? "Value " : "; Value ") + violations[at].value + " at '" + violations[at].path +
               "' failed to satisfy constraint: " + violations[at].constraint;
  }
  return validation(message);
}

const std::string kNotNull = "Member must not be null";
const std::string kNamePattern = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+";
std::string at_least(int length) {
  return "Member must have length greater than or equal to " + std::to_string(length);
}
std::string at_most(int length) { return "Member must have length less than or equal to " + std::to_string(length); }
std::string from(int value) { return "Member must have value greater than or equal to " + std::to_string(value); }
std::string up_to(int value) { return "Member must have value less than or equal to " + std::to_string(value); }
std::string one_of(const std::string& set) { return "Member must satisfy enum value set: [" + set + "]"; }

const std::string kCapacitySet = one_of("INDEXES, TOTAL, NONE");
const std::string kReturnValuesSet = one_of("ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW");
const std::string kComparisonSet =
    one_of("IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS");

// ---- JSON types -----------------------------------------------------------------------------------------------------

/// `{"A":{"B":[VALUE]}}` for "A.B.0".
std::string body_with(std::string_view path, std::string_view value) {
  const std::size_t dot = path.find('.');
  const std::string_view head = path.substr(0, dot);
  const std::string inner = dot == std::string_view::npos ? std::string(value) : body_with(path.substr(dot + 1), value);
  return head == "0" ? "[" + inner + "]" : "{\"" + std::string(head) + "\":" + inner + "}";
}

struct Found {
  std::string_view json;
  std::string message;
};

constexpr std::string_view kClassCast =
    "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class "
    "(sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base of "
    "loader 'bootstrap')";
constexpr std::string_view kStructureFound = "Start of structure or map found where not expected";
constexpr std::string_view kModel = "com.amazonaws.dynamodb.v20120810.";

std::vector<Found> scalars(std::string_view message, bool with_string = true) {
  std::vector<Found> found;
  for (const std::string_view json : {"true", "false", "23", "-2147483648", "2147483648", "34.56"}) {
    found.push_back({json, std::string(message)});
  }
  if (with_string) {
    found.push_back({"\"23\"", std::string(message)});
  }
  return found;
}

std::vector<Found> conversions(const std::string& type, bool numbers, bool strings) {
  std::vector<Found> found = {
      {"[]", "Unrecognized collection type class java." + std::string(type == "Date" ? "util." : "lang.") + type},
      {"{}", std::string(kStructureFound)},
      {"[1]", "Unrecognized collection type class java." + std::string(type == "Date" ? "util." : "lang.") + type}};
  if (type != "Boolean") {
    found.push_back({"true", "TRUE_VALUE cannot be converted to " + type});
    found.push_back({"false", "FALSE_VALUE cannot be converted to " + type});
  }
  if (numbers) {
    found.push_back({"23", "NUMBER_VALUE cannot be converted to " + type});
    found.push_back({"-2147483648", "NUMBER_VALUE cannot be converted to " + type});
    found.push_back({"18446744073709551615", "NUMBER_VALUE cannot be converted to " + type});
    found.push_back({"34.56", "DECIMAL_VALUE cannot be converted to " + type});
  }
  if (strings) {
    found.push_back({"\"23\"", "STRING_VALUE cannot be converted to " + type});
  }
  return found;
}

/// The front end's message for each JSON value given where a value of type `expected` belongs: the types' names are the
/// service's own, "Field…" for members of structures and "Value…" or "Parameterized…" for elements of lists and maps.
std::vector<Found> wrong_values(std::string_view expected) {
  const std::size_t angle = expected.find('<');
  const std::string kind(expected.substr(0, angle));
  std::string inner(angle == std::string_view::npos ? "" : expected.substr(angle + 1, expected.size() - angle - 2));
  if (!inner.empty() && inner.find('.') == std::string::npos) {
    inner = std::string(kModel) + inner;
  }
  std::vector<Found> found;
  if (kind == "String") {
    return conversions("String", true, false);
  }
  if (kind == "Integer" || kind == "Long" || kind == "Double" || kind == "Date") {
    return conversions(kind, false, true);
  }
  if (kind == "Boolean") {
    found = conversions("Boolean", true, false);
    found.push_back({"\"23\"", "Unexpected token received from parser"});
    found.push_back({"\"\"", "Unexpected token received from parser"});
    found.push_back({"\"truely\"", "Unexpected token received from parser"});
  } else if (kind == "Blob") {
    found = scalars("only base-64-encoded strings are convertible to bytes", false);
    found.push_back({"[]", "Unrecognized collection type class java.nio.ByteBuffer"});
    found.push_back({"{}", std::string(kStructureFound)});
    found.push_back({"\"23456\"", "Base64 encoded length is expected a multiple of 4 bytes but found: 5"});
    found.push_back({"\"=+/=\"", "Invalid last non-pad Base64 character dectected"});
    found.push_back({"\"+/+=\"", "Invalid last non-pad Base64 character dectected"});
    found.push_back({"\"QR==\"", "Invalid last non-pad Base64 character dectected"});
    found.push_back({"\"ab!d\"", "Invalid Base64 character: '!'"});
    found.push_back({"\"a=bc\"", "Invalid Base64 character: '='"});
  } else if (kind == "List") {
    found = scalars("Unexpected field type");
    found.push_back({"{}", std::string(kStructureFound)});
  } else if (kind == "ParameterizedList") {
    found = scalars(kClassCast);
    found.push_back({"{}", std::string(kStructureFound)});
  } else if (kind == "Map") {
    found = scalars("Unexpected field type");
    found.push_back({"[]", "Unrecognized collection type java.util.Map<java.lang.String, " + inner + ">"});
  } else if (kind == "ParameterizedMap") {
    found = scalars(kClassCast);
    found.push_back({"[]", "Unrecognized collection type java.util.Map<java.lang.String, " + inner + ">"});
  } else if (kind == "ValueStruct") {
    found = scalars("Unexpected value type in payload");
    found.push_back({"[]", "Unrecognized collection type class " + inner});
  } else if (kind == "FieldStruct") {
    found = scalars("Unexpected field type");
    found.push_back({"[]", "Unrecognized collection type class " + inner});
  } else {
    ADD_FAILURE() << "no such type: " << expected;
  }
  return found;
}

struct TypeRow {
  std::string_view operation;
  std::string_view path;
  std::string_view type;
};

void expect_type(const TypeRow& row) {
  // An attribute value is also tested through each of its members (.S, .N, …).
  if (row.type == "Attribute" || row.type == "AttributeField") {
    const std::string path(row.path);
    expect_type(
        {row.operation, path, row.type == "Attribute" ? "ValueStruct<AttributeValue>" : "FieldStruct<AttributeValue>"});
    for (const auto& [member, type] :
         std::vector<std::pair<std::string, std::string_view>>{{".S", "String"},
                                                               {".N", "String"},
                                                               {".B", "Blob"},
                                                               {".BOOL", "Boolean"},
                                                               {".NULL", "Boolean"},
                                                               {".SS", "List"},
                                                               {".SS.0", "String"},
                                                               {".NS", "List"},
                                                               {".NS.0", "String"},
                                                               {".BS", "List"},
                                                               {".BS.0", "Blob"},
                                                               {".L", "List"},
                                                               {".L.0", "ValueStruct<AttributeValue>"},
                                                               {".L.0.BS", "List"},
                                                               {".L.0.BS.0", "Blob"},
                                                               {".M", "Map<AttributeValue>"},
                                                               {".M.a", "ValueStruct<AttributeValue>"},
                                                               {".M.a.BS", "List"},
                                                               {".M.a.BS.0", "Blob"},
                                                               {".M.a.L.0.M.b.BOOL", "Boolean"}}) {
      expect_type({row.operation, path + member, type});
    }
    return;
  }
  for (const Found& found : wrong_values(row.type)) {
    const std::string body = body_with(row.path, found.json);
    EXPECT_EQ(check(row.operation, body), serialization(found.message)) << row.operation << " " << body;
  }
}

TEST(ShapeTypes, NameEachJsonTypeThatCannotBeConverted) {
  const TypeRow rows[] = {
      {"GetItem", "TableName", "String"},
      {"GetItem", "Key", "Map<AttributeValue>"},
      {"GetItem", "Key.Attr", "Attribute"},
      {"GetItem", "AttributesToGet", "List"},
      {"GetItem", "AttributesToGet.0", "String"},
      {"GetItem", "ConsistentRead", "Boolean"},
      {"GetItem", "ReturnConsumedCapacity", "String"},
      {"GetItem", "ProjectionExpression", "String"},
      {"GetItem", "ExpressionAttributeNames", "Map<java.lang.String>"},
      {"GetItem", "ExpressionAttributeNames.Attr", "String"},
      {"PutItem", "TableName", "String"},
      {"PutItem", "Item", "Map<AttributeValue>"},
      {"PutItem", "Item.Attr", "Attribute"},
      {"PutItem", "Expected", "Map<ExpectedAttributeValue>"},
      {"PutItem", "Expected.Attr", "ValueStruct<ExpectedAttributeValue>"},
      {"PutItem", "Expected.Attr.Exists", "Boolean"},
      {"PutItem", "Expected.Attr.Value", "AttributeField"},
      {"PutItem", "Expected.Attr.ComparisonOperator", "String"},
      {"PutItem", "Expected.Attr.AttributeValueList", "List"},
      {"PutItem", "Expected.Attr.AttributeValueList.0", "Attribute"},
      {"PutItem", "ReturnValues", "String"},
      {"PutItem", "ReturnItemCollectionMetrics", "String"},
      {"PutItem", "ConditionalOperator", "String"},
      {"PutItem", "ConditionExpression", "String"},
      {"PutItem", "ExpressionAttributeValues", "Map<AttributeValue>"},
      {"PutItem", "ExpressionAttributeValues.Attr", "Attribute"},
      {"PutItem", "ReturnValuesOnConditionCheckFailure", "String"},
      {"DeleteItem", "TableName", "String"},
      {"DeleteItem", "Key", "Map<AttributeValue>"},
      {"DeleteItem", "Key.Attr", "Attribute"},
      {"DeleteItem", "Expected.Attr.Value", "AttributeField"},
      {"UpdateItem", "TableName", "String"},
      {"UpdateItem", "Key.Attr", "Attribute"},
      {"UpdateItem", "AttributeUpdates", "Map<AttributeValueUpdate>"},
      {"UpdateItem", "AttributeUpdates.Attr", "ValueStruct<AttributeValueUpdate>"},
      {"UpdateItem", "AttributeUpdates.Attr.Action", "String"},
      {"UpdateItem", "AttributeUpdates.Attr.Value", "AttributeField"},
      {"UpdateItem", "UpdateExpression", "String"},
      {"Query", "TableName", "String"},
      {"Query", "IndexName", "String"},
      {"Query", "Limit", "Integer"},
      {"Query", "ScanIndexForward", "Boolean"},
      {"Query", "Select", "String"},
      {"Query", "KeyConditions", "Map<Condition>"},
      {"Query", "KeyConditions.Attr", "ValueStruct<Condition>"},
      {"Query", "KeyConditions.Attr.ComparisonOperator", "String"},
      {"Query", "KeyConditions.Attr.AttributeValueList", "List"},
      {"Query", "KeyConditions.Attr.AttributeValueList.0", "Attribute"},
      {"Query", "QueryFilter", "Map<Condition>"},
      {"Query", "QueryFilter.Attr", "ValueStruct<Condition>"},
      {"Query", "ExclusiveStartKey", "Map<AttributeValue>"},
      {"Query", "ExclusiveStartKey.Attr", "Attribute"},
      {"Query", "KeyConditionExpression", "String"},
      {"Query", "FilterExpression", "String"},
      {"Scan", "TableName", "String"},
      {"Scan", "Segment", "Integer"},
      {"Scan", "TotalSegments", "Integer"},
      {"Scan", "Limit", "Integer"},
      {"Scan", "ConsistentRead", "Boolean"},
      {"Scan", "ScanFilter", "Map<Condition>"},
      {"Scan", "ScanFilter.Attr.AttributeValueList.0", "Attribute"},
      {"Scan", "ExclusiveStartKey.Attr", "Attribute"},
      {"BatchGetItem", "RequestItems", "Map<KeysAndAttributes>"},
      {"BatchGetItem", "RequestItems.Attr", "ValueStruct<KeysAndAttributes>"},
      {"BatchGetItem", "RequestItems.Attr.Keys", "List"},
      {"BatchGetItem", "RequestItems.Attr.Keys.0", "ParameterizedMap<AttributeValue>"},
      {"BatchGetItem", "RequestItems.Attr.Keys.0.Attr", "Attribute"},
      {"BatchGetItem", "RequestItems.Attr.AttributesToGet", "List"},
      {"BatchGetItem", "RequestItems.Attr.ConsistentRead", "Boolean"},
      {"BatchGetItem", "RequestItems.Attr.ExpressionAttributeNames", "Map<java.lang.String>"},
      {"BatchGetItem", "RequestItems.Attr.ProjectionExpression", "String"},
      {"BatchWriteItem", "RequestItems", "Map<java.util.List<com.amazonaws.dynamodb.v20120810.WriteRequest>>"},
      {"BatchWriteItem", "RequestItems.Attr", "ParameterizedList"},
      {"BatchWriteItem", "RequestItems.Attr.0", "ValueStruct<WriteRequest>"},
      {"BatchWriteItem", "RequestItems.Attr.0.PutRequest", "FieldStruct<PutRequest>"},
      {"BatchWriteItem", "RequestItems.Attr.0.PutRequest.Item", "Map<AttributeValue>"},
      {"BatchWriteItem", "RequestItems.Attr.0.PutRequest.Item.Attr", "Attribute"},
      {"BatchWriteItem", "RequestItems.Attr.0.DeleteRequest", "FieldStruct<DeleteRequest>"},
      {"BatchWriteItem", "RequestItems.Attr.0.DeleteRequest.Key", "Map<AttributeValue>"},
      {"TransactGetItems", "TransactItems", "List"},
      {"TransactGetItems", "TransactItems.0", "ValueStruct<TransactGetItem>"},
      {"TransactGetItems", "TransactItems.0.Get", "FieldStruct<Get>"},
      {"TransactGetItems", "TransactItems.0.Get.Key.Attr", "Attribute"},
      {"TransactWriteItems", "TransactItems", "List"},
      {"TransactWriteItems", "TransactItems.0", "ValueStruct<TransactWriteItem>"},
      {"TransactWriteItems", "TransactItems.0.Put", "FieldStruct<Put>"},
      {"TransactWriteItems", "TransactItems.0.Put.Item", "Map<AttributeValue>"},
      {"TransactWriteItems", "TransactItems.0.Update", "FieldStruct<Update>"},
      {"TransactWriteItems", "TransactItems.0.Delete", "FieldStruct<Delete>"},
      {"TransactWriteItems", "TransactItems.0.ConditionCheck", "FieldStruct<ConditionCheck>"},
      {"TransactWriteItems", "TransactItems.0.Update.ExpressionAttributeValues.Attr", "Attribute"},
      {"TransactWriteItems", "ClientRequestToken", "String"},
      {"ExecuteStatement", "Statement", "String"},
      {"ExecuteStatement", "Parameters", "List"},
      {"ExecuteStatement", "Parameters.0", "Attribute"},
      {"ExecuteStatement", "Limit", "Integer"},
      {"BatchExecuteStatement", "Statements.0", "ValueStruct<BatchStatementRequest>"},
      {"BatchExecuteStatement", "Statements.0.Parameters.0", "Attribute"},
      {"ExecuteTransaction", "TransactStatements.0", "ValueStruct<ParameterizedStatement>"},
      {"CreateTable", "TableName", "String"},
      {"CreateTable", "AttributeDefinitions", "List"},
      {"CreateTable", "AttributeDefinitions.0", "ValueStruct<AttributeDefinition>"},
      {"CreateTable", "AttributeDefinitions.0.AttributeName", "String"},
      {"CreateTable", "KeySchema.0", "ValueStruct<KeySchemaElement>"},
      {"CreateTable", "KeySchema.0.KeyType", "String"},
      {"CreateTable", "ProvisionedThroughput", "FieldStruct<ProvisionedThroughput>"},
      {"CreateTable", "ProvisionedThroughput.ReadCapacityUnits", "Long"},
      {"CreateTable", "ProvisionedThroughput.WriteCapacityUnits", "Long"},
      {"CreateTable", "LocalSecondaryIndexes.0", "ValueStruct<LocalSecondaryIndex>"},
      {"CreateTable", "LocalSecondaryIndexes.0.Projection", "FieldStruct<Projection>"},
      {"CreateTable", "GlobalSecondaryIndexes.0", "ValueStruct<GlobalSecondaryIndex>"},
      {"CreateTable", "GlobalSecondaryIndexes.0.Projection.NonKeyAttributes", "List"},
      {"CreateTable", "GlobalSecondaryIndexes.0.Projection.NonKeyAttributes.0", "String"},
      {"CreateTable", "StreamSpecification", "FieldStruct<StreamSpecification>"},
      {"CreateTable", "StreamSpecification.StreamEnabled", "Boolean"},
      {"CreateTable", "SSESpecification.Enabled", "Boolean"},
      {"CreateTable", "Tags.0", "ValueStruct<Tag>"},
      {"CreateTable", "Tags.0.Key", "String"},
      {"CreateTable", "DeletionProtectionEnabled", "Boolean"},
      {"CreateTable", "WarmThroughput.ReadUnitsPerSecond", "Long"},
      {"CreateTable", "OnDemandThroughput.MaxWriteRequestUnits", "Long"},
      {"CreateTable", "VectorIndexes.0", "ValueStruct<VectorIndex>"},
      {"CreateTable", "VectorIndexes.0.Dimensions", "Long"},
      {"UpdateTable", "GlobalSecondaryIndexUpdates.0", "ValueStruct<GlobalSecondaryIndexUpdate>"},
      {"UpdateTable", "GlobalSecondaryIndexUpdates.0.Create", "FieldStruct<CreateGlobalSecondaryIndexAction>"},
      {"UpdateTable", "GlobalSecondaryIndexUpdates.0.Update", "FieldStruct<UpdateGlobalSecondaryIndexAction>"},
      {"UpdateTable", "GlobalSecondaryIndexUpdates.0.Delete", "FieldStruct<DeleteGlobalSecondaryIndexAction>"},
      {"UpdateTable", "ReplicaUpdates.0.Create", "FieldStruct<CreateReplicationGroupMemberAction>"},
      {"DescribeTable", "TableName", "String"},
      {"DeleteTable", "TableName", "String"},
      {"ListTables", "Limit", "Integer"},
      {"ListTables", "ExclusiveStartTableName", "String"},
      {"UpdateTimeToLive", "TimeToLiveSpecification", "FieldStruct<TimeToLiveSpecification>"},
      {"UpdateTimeToLive", "TimeToLiveSpecification.Enabled", "Boolean"},
      {"TagResource", "ResourceArn", "String"},
      {"TagResource", "Tags", "List"},
      {"UntagResource", "TagKeys", "List"},
      {"UntagResource", "TagKeys.0", "String"},
      {"CreateBackup", "BackupName", "String"},
      {"ListBackups", "TimeRangeLowerBound", "Date"},
      {"RestoreTableToPointInTime", "RestoreDateTime", "Date"},
      {"RestoreTableToPointInTime", "UseLatestRestorableTime", "Boolean"},
      {"UpdateContinuousBackups", "PointInTimeRecoverySpecification.RecoveryPeriodInDays", "Integer"},
      {"ExportTableToPointInTime", "ExportTime", "Date"},
      {"ExportTableToPointInTime", "IncrementalExportSpecification", "FieldStruct<IncrementalExportSpecification>"},
      {"ImportTable", "InputFormatOptions.Csv.HeaderList.0", "String"},
      {"UpdateTableReplicaAutoScaling",
       "ProvisionedWriteCapacityAutoScalingUpdate.ScalingPolicyUpdate.TargetTrackingScalingPolicyConfiguration."
       "TargetValue",
       "Double"},
      {"EnableKinesisStreamingDestination", "StreamArn", "String"},
      {"PutResourcePolicy", "ConfirmRemoveSelfResourceAccess", "Boolean"},
      {"SearchVectors", "SearchVector.0", "Attribute"},
      {"StartBulkPutItems", "MaxWriteRequestUnits", "Long"},
      {"DescribeStream", "ShardFilter", "FieldStruct<ShardFilter>"},
      {"GetRecords", "Limit", "Integer"},
      {"GetShardIterator", "ShardIteratorType", "String"},
      {"ListStreams", "Limit", "Integer"},
  };
  for (const TypeRow& row : rows) {
    expect_type(row);
  }
}

TEST(ShapeTypes, AreReportedInTheOrderOfTheRequestAndBeforeAnyConstraint) {
  EXPECT_EQ(check("PutItem", R"({"Item":[],"TableName":1})"),
            serialization("Unrecognized collection type java.util.Map<java.lang.String, "
                          "com.amazonaws.dynamodb.v20120810.AttributeValue>"));
  EXPECT_EQ(check("PutItem", R"({"TableName":1,"Item":[]})"),
            serialization("NUMBER_VALUE cannot be converted to String"));
  EXPECT_EQ(check("PutItem", R"({"TableName":"x!","ReturnValues":"no","Item":{"a":{"N":1}}})"),
            serialization("NUMBER_VALUE cannot be converted to String"));
}

TEST(ShapeTypes, LetPassWhatTheFrontEndConverts) {
  struct Row {
    std::string_view operation;
    std::string_view body;
  };
  const Row rows[] = {
      {"GetItem", R"({"TableName":"abc","Key":{},"ConsistentRead":"true"})"},
      {"GetItem", R"({"TableName":"abc","Key":{},"ConsistentRead":"Yes"})"},
      {"GetItem", R"({"TableName":"abc","Key":{},"ConsistentRead":"0"})"},
      {"GetItem", R"({"TableName":"abc","Key":{"a":{"BOOL":"NO","NULL":"1"}}})"},
      {"GetItem", R"({"TableName":"abc","Key":{"a":{"B":""}},"ConsistentRead":null})"},
      {"GetItem", R"({"TableName":"abc","Key":{"a":{"B":"AAEC"},"b":{"B":"AAE="},"c":{"B":"AA=="}}})"},
      {"GetItem", R"({"TableName":"abc","Key":{"a":{"X":1,"Y":[],"SSS":{},"NULLS":2}},"Unknown":{"TableName":1}})"},
      {"Scan", R"({"TableName":"abc","Limit":1.9,"Segment":0.5,"TotalSegments":1e2})"},
      {"Scan", R"({"TableName":"abc","Limit":2147483647})"},
      {"CreateTable",
       R"({"TableName":"abc","AttributeDefinitions":[],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],)"
       R"("ProvisionedThroughput":{"ReadCapacityUnits":9223372036854775807,"WriteCapacityUnits":1.5}})"},
      {"ListBackups", R"({"TimeRangeLowerBound":1.5e9,"TimeRangeUpperBound":1700000000})"},
      {"DescribeLimits", R"({"Anything":[1,{"a":2}]})"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(check(row.operation, row.body), kPasses) << row.operation << " " << row.body;
  }
}

TEST(ShapeTypes, RefuseWholeNumbersThatDoNotFit) {
  EXPECT_EQ(check("Scan", R"({"Limit":2147483648})"), serialization("NUMBER_VALUE cannot be converted to Integer"));
  EXPECT_EQ(check("Scan", R"({"Limit":-2147483649})"), serialization("NUMBER_VALUE cannot be converted to Integer"));
  EXPECT_EQ(check("Scan", R"({"Limit":1e10})"), serialization("DECIMAL_VALUE cannot be converted to Integer"));
  EXPECT_EQ(check("CreateTable", R"({"ProvisionedThroughput":{"ReadCapacityUnits":9223372036854775808}})"),
            serialization("NUMBER_VALUE cannot be converted to Long"));
  EXPECT_EQ(check("CreateTable", R"({"ProvisionedThroughput":{"ReadCapacityUnits":1e19}})"),
            serialization("DECIMAL_VALUE cannot be converted to Long"));
}

// ---- Constraints ----------------------------------------------------------------------------------------------------

struct Row {
  std::string_view operation;
  std::string body;
  Outcome expected;
};

void expect_rows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    EXPECT_EQ(check(row.operation, row.body), row.expected) << row.operation << " " << row.body.substr(0, 400);
  }
}

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }
std::string repeated(std::string_view text, int times, std::string_view between = ",") {
  std::string all;
  for (int at = 0; at < times; ++at) {
    all.append(at == 0 ? "" : between).append(text);
  }
  return all;
}

TEST(ShapeConstraints, RequireMembers) {
  const Outcome no_table_parameter =
      validation("The parameter 'TableName' is required but was not present in the request");
  expect_rows({
      {"GetItem", "{}", violates({{"null", "tableName", kNotNull}, {"null", "key", kNotNull}})},
      {"GetItem", R"({"TableName":null,"Key":{}})", violates({{"null", "tableName", kNotNull}})},
      {"GetItem", R"({"TableName":"abc"})", violates({{"null", "key", kNotNull}})},
      {"PutItem", "{}", violates({{"null", "tableName", kNotNull}, {"null", "item", kNotNull}})},
      {"PutItem", R"({"Item":{"pk":{"S":"test"}}})", violates({{"null", "tableName", kNotNull}})},
      {"DeleteItem", "{}", violates({{"null", "tableName", kNotNull}, {"null", "key", kNotNull}})},
      {"UpdateItem", "{}", violates({{"null", "tableName", kNotNull}, {"null", "key", kNotNull}})},
      {"Query", "{}", violates({{"null", "tableName", kNotNull}})},
      {"Scan", "{}", violates({{"null", "tableName", kNotNull}})},
      {"BatchGetItem", "{}", violates({{"null", "requestItems", kNotNull}})},
      {"BatchGetItem", R"({"RequestItems":{"abc":{}}})",
       violates({{"null", "requestItems.abc.member.keys", kNotNull}})},
      {"BatchWriteItem", "{}", violates({{"null", "requestItems", kNotNull}})},
      {"BatchWriteItem", R"({"RequestItems":{"abc":[{"PutRequest":{},"DeleteRequest":{}}]}})",
       violates({{"null", "requestItems.abc.member.1.member.putRequest.item", kNotNull},
                 {"null", "requestItems.abc.member.1.member.deleteRequest.key", kNotNull}})},
      {"TransactGetItems", "{}", violates({{"null", "transactItems", kNotNull}})},
      {"TransactGetItems", R"({"TransactItems":[{}]})", violates({{"null", "transactItems.1.member.get", kNotNull}})},
      {"TransactGetItems", R"({"TransactItems":[{"Get":{}}]})",
       violates({{"null", "transactItems.1.member.get.key", kNotNull},
                 {"null", "transactItems.1.member.get.tableName", kNotNull}})},
      {"TransactWriteItems", "{}", violates({{"null", "transactItems", kNotNull}})},
      {"TransactWriteItems", R"({"TransactItems":[{"Put":{"TableName":"abc"}}]})",
       violates({{"null", "transactItems.1.member.put.item", kNotNull}})},
      {"TransactWriteItems", R"({"TransactItems":[{"Update":{"TableName":"abc","Key":{}}}]})",
       violates({{"null", "transactItems.1.member.update.updateExpression", kNotNull}})},
      {"TransactWriteItems", R"({"TransactItems":[{"ConditionCheck":{"TableName":"abc","Key":{}}}]})",
       violates({{"null", "transactItems.1.member.conditionCheck.conditionExpression", kNotNull}})},
      {"TransactWriteItems", R"({"TransactItems":[{"Delete":{"Key":{}}}]})",
       violates({{"null", "transactItems.1.member.delete.tableName", kNotNull}})},
      {"ExecuteStatement", "{}", violates({{"null", "statement", kNotNull}})},
      {"BatchExecuteStatement", "{}", violates({{"null", "statements", kNotNull}})},
      {"BatchExecuteStatement", R"({"Statements":[{}]})",
       violates({{"null", "statements.1.member.statement", kNotNull}})},
      {"ExecuteTransaction", "{}", violates({{"null", "transactStatements", kNotNull}})},
      {"CreateTable", "{}", no_table_parameter},
      {"CreateTable", R"({"KeySchema":[]})", no_table_parameter},
      {"CreateTable", R"({"TableName":"abc"})",
       violates({{"null", "attributeDefinitions", kNotNull}, {"null", "keySchema", kNotNull}})},
      {"CreateTable", R"({"TableName":"abc","AttributeDefinitions":[{}],"KeySchema":[{}]})",
       violates({{"null", "attributeDefinitions.1.member.attributeType", kNotNull},
                 {"null", "attributeDefinitions.1.member.attributeName", kNotNull},
                 {"null", "keySchema.1.member.attributeName", kNotNull},
                 {"null", "keySchema.1.member.keyType", kNotNull}})},
      {"CreateTable", R"({"TableName":"abc","AttributeDefinitions":[],"ProvisionedThroughput":{}})",
       violates({{"null", "provisionedThroughput.writeCapacityUnits", kNotNull},
                 {"null", "provisionedThroughput.readCapacityUnits", kNotNull},
                 {"null", "keySchema", kNotNull}})},
      {"UpdateTable", "{}", no_table_parameter},
      {"UpdateTable",
       R"({"TableName":"abc","GlobalSecondaryIndexUpdates":[{"Update":{"IndexName":"abc",)"
       R"("ProvisionedThroughput":{}}}]})",
       violates(
           {{"null", "globalSecondaryIndexUpdates.1.member.update.provisionedThroughput.writeCapacityUnits", kNotNull},
            {"null", "globalSecondaryIndexUpdates.1.member.update.provisionedThroughput.readCapacityUnits",
             kNotNull}})},
      {"UpdateTable", R"({"TableName":"abc","ReplicaUpdates":[{"Update":{}}]})",
       violates({{"null", "replicaUpdates.1.member.update.regionName", kNotNull}})},
      {"UpdateTable", R"({"TableName":"abc","ReplicaUpdates":[{"Create":{}}]})", kPasses},
      {"DescribeTable", "{}", no_table_parameter},
      {"DeleteTable", "{}", no_table_parameter},
      {"DescribeTimeToLive", "{}", no_table_parameter},
      {"DescribeContinuousBackups", "{}", no_table_parameter},
      {"UpdateTimeToLive", R"({"TableName":"abc"})", violates({{"null", "timeToLiveSpecification", kNotNull}})},
      {"UpdateTimeToLive", R"({"TableName":"abc","TimeToLiveSpecification":{}})",
       violates({{"null", "timeToLiveSpecification.attributeName", kNotNull},
                 {"null", "timeToLiveSpecification.enabled", kNotNull}})},
      {"UpdateTimeToLive", R"({"TableName":"abc","TimeToLiveSpecification":{"Enabled":true}})",
       violates({{"null", "timeToLiveSpecification.attributeName", kNotNull}})},
      {"UpdateContinuousBackups", R"({"TableName":"abc","PointInTimeRecoverySpecification":{}})",
       violates({{"null", "pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled", kNotNull}})},
      {"RestoreTableFromBackup", R"({"TargetTableName":"abc","BackupArn":"x","GlobalSecondaryIndexOverride":[{}]})",
       violates({{"null", "globalSecondaryIndexOverride.1.member.indexName", kNotNull},
                 {"null", "globalSecondaryIndexOverride.1.member.keySchema", kNotNull},
                 {"null", "globalSecondaryIndexOverride.1.member.projection", kNotNull}})},
      {"RestoreTableFromBackup", R"({"TargetTableName":"abc","BackupArn":"x","ProvisionedThroughputOverride":{}})",
       violates({{"null", "provisionedThroughputOverride.writeCapacityUnits", kNotNull},
                 {"null", "provisionedThroughputOverride.readCapacityUnits", kNotNull}})},
      {"UpdateGlobalTableSettings", R"({"GlobalTableName":"abc","ReplicaSettingsUpdate":[{}]})",
       violates({{"null", "replicaSettingsUpdate.1.member.regionName", kNotNull}})},
      {"TagResource", "{}", validation("Invalid TableArn")},
      {"UntagResource", R"({"TagKeys":[]})", validation("Invalid TableArn")},
      {"ListTagsOfResource", "{}", validation("Invalid TableArn")},
      {"TagResource", R"({"ResourceArn":"a"})", violates({{"null", "tags", kNotNull}})},
      {"UntagResource", R"({"ResourceArn":"a"})", violates({{"null", "tagKeys", kNotNull}})},
      {"TagResource", R"({"ResourceArn":"a","Tags":[{}]})", kPasses},
      {"DescribeEndpoints", "{}", kPasses},
      {"ListTables", "{}", kPasses},
      {"GetRecords", "{}", violates({{"null", "shardIterator", kNotNull}})},
      {"GetShardIterator", "{}",
       violates(
           {{"null", "streamArn", kNotNull}, {"null", "shardId", kNotNull}, {"null", "shardIteratorType", kNotNull}})},
  });
}

const Outcome kEmptyTableName =
    validation("1 validation error detected: Value at 'TableName' failed to satisfy constraint: " + at_least(1));
/// The message for an invalid ReturnValues of a write, with the set spelt as the service spells it.
const std::string kReturnValuesSentence =
    "Failed to satisfy constraint: Member must satisfy enum value set: [ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, "
    "NONE]";

TEST(ShapeConstraints, JudgeTableNames) {
  const std::string long_name(256, 'a');
  const std::string arn = "arn:aws:dynamodb:us-east-1:000000000000:table/abc";
  const std::string long_arn = "arn:" + std::string(1021, 'a');
  std::vector<Row> rows;
  for (const char* const operation : {"GetItem", "DeleteItem", "UpdateItem", "PutItem", "Query", "Scan"}) {
    const auto body = [&](const std::string& name) { return R"({"TableName":")" + name + R"(","Key":{},"Item":{}})"; };
    const bool writes = std::string_view(operation).ends_with("eItem") || std::string_view(operation) == "PutItem";
    rows.push_back({operation, body(""), writes ? kEmptyTableName : violates({{"''", "tableName", at_least(1)}})});
    rows.push_back({operation, body("ab"), violates({{"'ab'", "tableName", at_least(3)}})});
    rows.push_back(
        {operation, body("x!"), violates({{"'x!'", "tableName", at_least(3)}, {"'x!'", "tableName", kNamePattern}})});
    rows.push_back({operation, body("bad table!@#"), violates({{"'bad table!@#'", "tableName", kNamePattern}})});
    rows.push_back({operation, body(long_name), violates({{in_quotes(long_name), "tableName", at_most(255)}})});
    rows.push_back({operation, body(arn), kPasses});
    rows.push_back({operation, body(long_arn), violates({{in_quotes(long_arn), "tableName", at_most(1024)}})});
    rows.push_back({operation, body("a-b_c.D9"), kPasses});
  }
  for (const char* const operation : {"DescribeTable", "DeleteTable", "UpdateTable", "DescribeTimeToLive",
                                      "DescribeContinuousBackups", "DescribeKinesisStreamingDestination"}) {
    rows.push_back({operation, R"({"TableName":""})",
                    violates({{"''", "tableName", at_least(3)}, {"''", "tableName", kNamePattern}})});
    rows.push_back({operation, R"({"TableName":"abc;"})", violates({{"'abc;'", "tableName", kNamePattern}})});
    rows.push_back({operation, R"({"TableName":")" + arn + R"("})", kPasses});
  }
  rows.push_back(
      {"CreateTable",
       R"({"TableName":"ab","AttributeDefinitions":[],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}]})",
       violates({{"'ab'", "tableName", at_least(3)}})});
  // Lengths count characters: these three take nine bytes.
  rows.push_back({"DescribeTable", "{\"TableName\":\"\u20ac\u20ac\u20ac\"}",
                  violates({{"'\u20ac\u20ac\u20ac'", "tableName", kNamePattern}})});
  const Outcome target = validation("TableName must be at least 3 characters long and at most 255 characters long");
  rows.push_back({"RestoreTableFromBackup", R"({"TargetTableName":"","BackupArn":"x"})", target});
  rows.push_back({"DescribeGlobalTable", R"({"GlobalTableName":""})", target});
  rows.push_back({"UpdateGlobalTable", R"({"GlobalTableName":"ab","ReplicaUpdates":[]})", target});
  const Outcome index = validation("IndexName must be at least 3 characters long and at most 255 characters long");
  rows.push_back({"DescribeContributorInsights", R"({"TableName":"abc","IndexName":""})", index});
  rows.push_back({"UpdateContributorInsights", R"({"TableName":"abc","IndexName":""})", index});
  rows.push_back(
      {"ListTables", R"({"ExclusiveStartTableName":""})",
       violates({{"''", "exclusiveStartTableName", kNamePattern}, {"''", "exclusiveStartTableName", at_least(3)}})});
  rows.push_back({"CreateBackup", R"({"TableName":"abc","BackupName":""})",
                  violates({{"''", "backupName", kNamePattern}, {"''", "backupName", at_least(3)}})});
  expect_rows(rows);
}

TEST(ShapeConstraints, ReportAWrongTableNameAloneUnlessSomethingIsMissing) {
  expect_rows({
      {"PutItem", R"({"TableName":"","ReturnValues":"INVALID","Item":{}})", kEmptyTableName},
      {"UpdateItem", R"({"TableName":"","ReturnConsumedCapacity":"INVALID","ReturnValues":"INVALID"})",
       violates({{"'INVALID'", "returnConsumedCapacity", kCapacitySet},
                 {"''", "tableName", at_least(1)},
                 {"'INVALID'", "returnValues", kReturnValuesSet},
                 {"null", "key", kNotNull}})},
      {"UpdateItem", R"({"TableName":"abc","ConditionalOperator":"XOR"})",
       violates({{"'XOR'", "conditionalOperator", one_of("OR, AND")}, {"null", "key", kNotNull}})},
      {"Query", R"({"TableName":"abc!","Select":"INVALID"})", violates({{"'abc!'", "tableName", kNamePattern}})},
      {"Scan", R"({"TableName":"abc!","Select":"INVALID"})",
       violates(
           {{"'INVALID'", "select", one_of("SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES")},
            {"'abc!'", "tableName", kNamePattern}})},
  });
}

TEST(ShapeConstraints, NameTheValuesOfAnEnumInTheServicesOrder) {
  const std::string item = R"("TableName":"abc","Key":{},"Item":{},)";
  const auto with = [&](std::string_view member, std::string_view value = "hi") {
    return "{" + item + "\"" + std::string(member) + "\":\"" + std::string(value) + "\"}";
  };
  std::vector<Row> rows;
  for (const char* const operation : {"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan"}) {
    rows.push_back(
        {operation, with("ReturnConsumedCapacity"), violates({{"'hi'", "returnConsumedCapacity", kCapacitySet}})});
  }
  for (const char* const operation : {"PutItem", "UpdateItem", "DeleteItem"}) {
    for (const std::string_view value : {"hi", "", "all_old"}) {
      rows.push_back({operation, with("ReturnValues", value),
                      validation("1 validation error detected: " + kReturnValuesSentence)});
    }
    rows.push_back({operation, with("ReturnItemCollectionMetrics"),
                    violates({{"'hi'", "returnItemCollectionMetrics", one_of("SIZE, NONE")}})});
    rows.push_back({operation, with("ConditionalOperator"), kPasses});  // the operation checks it
    rows.push_back({operation, with("ReturnValuesOnConditionCheckFailure"),
                    violates({{"'hi'", "returnValuesOnConditionCheckFailure", one_of("ALL_OLD, NONE")}})});
    rows.push_back({operation, "{" + item + R"("Expected":{"a":{"ComparisonOperator":"hi"}}})",
                    violates({{"'hi'", "expected.a.member.comparisonOperator", kComparisonSet}})});
  }
  const std::string select = one_of("SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES");
  const std::string table =
      R"("TableName":"abc","AttributeDefinitions":[],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],)";
  const std::vector<Row> others = {
      {"Query", with("Select"), violates({{"'hi'", "select", select}})},
      {"Scan", with("Select"), violates({{"'hi'", "select", select}})},
      {"Query", "{" + item + R"("KeyConditions":{"a":{"ComparisonOperator":"hi"}}})",
       violates({{"'hi'", "keyConditions.a.member.comparisonOperator", kComparisonSet}})},
      {"Scan", "{" + item + R"("ScanFilter":{"a":{}}})",
       violates({{"null", "scanFilter.a.member.comparisonOperator", kNotNull}})},
      {"UpdateItem", "{" + item + R"("AttributeUpdates":{"a":{"Action":"hi"}}})",
       violates({{"'hi'", "attributeUpdates.a.member.action", one_of("ADD, PUT, DELETE")}})},
      {"PutItem", "{" + item + R"("ReturnConsumedCapacity":"a","ReturnItemCollectionMetrics":"b","ReturnValues":"c"})",
       validation(
           "3 validation errors detected: Value 'a' at 'returnConsumedCapacity' failed to satisfy constraint: " +
           kCapacitySet + "; " + kReturnValuesSentence +
           "; Value 'b' at 'returnItemCollectionMetrics' failed to satisfy constraint: " + one_of("SIZE, NONE"))},
      {"CreateTable", "{" + table + R"("BillingMode":"A"})",
       violates({{"'A'", "billingMode", one_of("PROVISIONED, PAY_PER_REQUEST")}})},
      {"CreateTable",
       R"({"TableName":"abc","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"SS"}],)"
       R"("KeySchema":[{"AttributeName":"a","KeyType":"INVALID"}]})",
       violates({{"'SS'", "attributeDefinitions.1.member.attributeType", one_of("B, N, S")},
                 {"'INVALID'", "keySchema.1.member.keyType", one_of("HASH, RANGE")}})},
      {"CreateTable", "{" + table + R"("StreamSpecification":{"StreamEnabled":true,"StreamViewType":""}})",
       violates({{"''", "streamSpecification.streamViewType",
                  one_of("OLD_IMAGE, KEYS_ONLY, NEW_AND_OLD_IMAGES, NEW_IMAGE")}})},
      {"CreateTable", "{" + table + R"("SSESpecification":{"SSEType":"x"}})",
       violates({{"'x'", "sSESpecification.sSEType", one_of("AES256, KMS")}})},
      {"CreateTable",
       "{" + table +
           R"("GlobalSecondaryIndexes":[{"IndexName":"abc","KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],)"
           R"("Projection":{"ProjectionType":"abc","NonKeyAttributes":[]}}]})",
       violates(
           {{"'abc'", "globalSecondaryIndexes.1.member.projection.projectionType", one_of("ALL, INCLUDE, KEYS_ONLY")},
            {"'[]'", "globalSecondaryIndexes.1.member.projection.nonKeyAttributes", at_least(1)}})},
      {"UpdateContributorInsights",
       R"({"TableName":"abc","ContributorInsightsAction":"","ContributorInsightsMode":""})",
       violates({{"''", "contributorInsightsAction", one_of("ENABLE, DISABLE")},
                 {"''", "contributorInsightsMode", one_of("THROTTLED_KEYS, ACCESSED_AND_THROTTLED_KEYS")}})},
      {"RestoreTableFromBackup", R"({"TargetTableName":"abc","BackupArn":"x","BillingModeOverride":""})",
       violates({{"''", "billingModeOverride", one_of("PROVISIONED, PAY_PER_REQUEST")}})},
      {"ListBackups", R"({"BackupType":"x"})",
       violates({{"'x'", "backupType", one_of("USER, SYSTEM, AWS_BACKUP, ALL")}})},
  };
  rows.insert(rows.end(), others.begin(), others.end());
  expect_rows(rows);
}

TEST(ShapeConstraints, BoundNumbers) {
  expect_rows({
      {"Scan", R"({"TableName":"abc","Limit":0})", violates({{"'0'", "limit", from(1)}})},
      {"Scan", R"({"TableName":"abc","Limit":0.9})", violates({{"'0'", "limit", from(1)}})},
      {"Scan", R"({"TableName":"abc","Limit":-1})", violates({{"'-1'", "limit", from(1)}})},
      {"Scan", R"({"TableName":"abc","Segment":-1,"TotalSegments":0})",
       violates({{"'0'", "totalSegments", from(1)}, {"'-1'", "segment", from(0)}})},
      {"Scan", R"({"TableName":"abc","Segment":1000000,"TotalSegments":1000001})",
       violates({{"'1000001'", "totalSegments", up_to(1000000)}, {"'1000000'", "segment", up_to(999999)}})},
      {"Query", R"({"TableName":"abc","Limit":0})",
       validation("1 validation error detected: Value at 'Limit' failed to satisfy constraint: " + from(1))},
      {"Query", R"({"TableName":"abc","Limit":0,"ReturnConsumedCapacity":"x"})",
       violates({{"'x'", "returnConsumedCapacity", kCapacitySet}, {"'0'", "limit", from(1)}})},
      {"ListTables", R"({"Limit":0})", violates({{"'0'", "limit", from(1)}})},
      {"ListTables", R"({"Limit":101})", violates({{"'101'", "limit", up_to(100)}})},
      {"ListTables", R"({"Limit":100})", kPasses},
      {"ListBackups", R"({"Limit":0})", violates({{"'0'", "limit", from(1)}})},
      {"ExecuteStatement", R"({"Statement":"s","Limit":0})", violates({{"'0'", "limit", from(1)}})},
      {"UpdateTable", R"({"TableName":"abc","ProvisionedThroughput":{"ReadCapacityUnits":-1,"WriteCapacityUnits":-1}})",
       violates({{"'-1'", "provisionedThroughput.writeCapacityUnits", from(1)},
                 {"'-1'", "provisionedThroughput.readCapacityUnits", from(1)}})},
      {"UpdateContinuousBackups",
       R"({"TableName":"abc","PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":true,)"
       R"("RecoveryPeriodInDays":-1}})",
       violates({{"'-1'", "pointInTimeRecoverySpecification.recoveryPeriodInDays", from(1)}})},
      {"UpdateContinuousBackups",
       R"({"TableName":"abc","PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":true,)"
       R"("RecoveryPeriodInDays":36}})",
       violates({{"'36'", "pointInTimeRecoverySpecification.recoveryPeriodInDays", up_to(35)}})},
      {"ListExports", R"({"MaxResults":26})", violates({{"'26'", "maxResults", up_to(25)}})},
      {"ListStreams", R"({"Limit":0})", violates({{"'0'", "limit", from(1)}})},
      {"ListStreams", R"({"Limit":101})", violates({{"'101'", "limit", up_to(100)}})},
      {"GetRecords", R"({"ShardIterator":"x","Limit":1001})", violates({{"'1001'", "limit", up_to(1000)}})},
      {"GetRecords", R"({"ShardIterator":"x","Limit":1000})", kPasses},
  });
}

TEST(ShapeConstraints, BoundLengthsAndMatchPatterns) {
  const std::string long_name(256, 'b');
  const std::string table = R"("TableName":"abc","Key":{},)";
  const std::string key_schema = R"("KeySchema":[{"AttributeName":"a","KeyType":"HASH"}])";
  const std::string element = "KeySchemaElement(attributeName=a, keyType=HASH)";
  const std::string get = R"({"Get":{"TableName":"abc","Key":{}}})";
  const std::string get_text =
      "TransactGetItem(get=Get(key={}, tableName=abc, projectionExpression=null, expressionAttributeNames=null))";
  expect_rows({
      {"GetItem", "{" + table + R"("AttributesToGet":[]})", violates({{"'[]'", "attributesToGet", at_least(1)}})},
      {"GetItem", "{" + table + R"("AttributesToGet":[)" + repeated("\"a\"", 256) + "]}",
       violates({{"'[" + repeated("a", 256, ", ") + "]'", "attributesToGet", at_most(255)}})},
      {"Query", "{" + table + R"("IndexName":"ab"})", violates({{"'ab'", "indexName", at_least(3)}})},
      {"Query", "{" + table + R"("IndexName":"h;"})",
       violates({{"'h;'", "indexName", at_least(3)}, {"'h;'", "indexName", kNamePattern}})},
      {"Scan", "{" + table + R"("IndexName":")" + long_name + R"("})",
       violates({{in_quotes(long_name), "indexName", at_most(255)}})},
      {"CreateTable", R"({"TableName":"abc","AttributeDefinitions":[],"KeySchema":[]})",
       violates({{"'[]'", "keySchema", at_least(1)}})},
      {"CreateTable",
       R"({"TableName":"abc","AttributeDefinitions":[],"KeySchema":[)" +
           repeated(R"({"AttributeName":"a","KeyType":"HASH"})", 3) + "]}",
       violates({{"'[" + repeated(element, 3, ", ") + "]'", "keySchema", at_most(2)}})},
      {"CreateTable", R"({"TableName":"abc","AttributeDefinitions":[],"KeySchema":[{"KeyType":"HASH"}, {}, {}]})",
       violates({{"'[KeySchemaElement(attributeName=null, keyType=HASH), KeySchemaElement(attributeName=null, "
                  "keyType=null), KeySchemaElement(attributeName=null, keyType=null)]'",
                  "keySchema", at_most(2)},
                 {"null", "keySchema.1.member.attributeName", kNotNull},
                 {"null", "keySchema.2.member.attributeName", kNotNull},
                 {"null", "keySchema.2.member.keyType", kNotNull},
                 {"null", "keySchema.3.member.attributeName", kNotNull},
                 {"null", "keySchema.3.member.keyType", kNotNull}})},
      {"CreateTable",
       R"({"TableName":"abc","AttributeDefinitions":[{"AttributeName":")" + long_name +
           R"(","AttributeType":"S"}],"KeySchema":[{"AttributeName":"","KeyType":"HASH"}]})",
       violates({{in_quotes(long_name), "attributeDefinitions.1.member.attributeName", at_most(255)},
                 {"''", "keySchema.1.member.attributeName", at_least(1)}})},
      {"CreateTable",
       R"({"TableName":"abc","AttributeDefinitions":[],)" + key_schema +
           R"(,"LocalSecondaryIndexes":[{"IndexName":"l1",)" + key_schema +
           R"(,"Projection":{}}],"GlobalSecondaryIndexes":[{"IndexName":"g1",)" + key_schema + R"(,"Projection":{}}]})",
       violates({{"'g1'", "globalSecondaryIndexes.1.member.indexName", at_least(3)},
                 {"'l1'", "localSecondaryIndexes.1.member.indexName", at_least(3)}})},
      {"CreateTable",
       R"({"TableName":"abc","AttributeDefinitions":[],)" + key_schema +
           R"(,"LocalSecondaryIndexes":[{"IndexName":"lsi",)" + key_schema +
           R"(,"Projection":{"NonKeyAttributes":["ok",""]}}]})",
       violates({{"'[ok, ]'", "localSecondaryIndexes.1.member.projection.nonKeyAttributes",
                  "Member must satisfy constraint: [" + at_most(255) + ", " + at_least(1) + "]"}})},
      {"CreateTable",
       R"({"TableName":"abc","AttributeDefinitions":[],)" + key_schema +
           R"(,"SSESpecification":{"KMSMasterKeyId":""}})",
       violates({{"''", "sSESpecification.kMSMasterKeyId", at_least(1)}})},
      {"UpdateTable", R"({"TableName":"abc","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":""}}]})",
       violates({{"''", "globalSecondaryIndexUpdates.1.member.delete.indexName", at_least(3)},
                 {"''", "globalSecondaryIndexUpdates.1.member.delete.indexName", kNamePattern}})},
      {"UpdateTimeToLive", R"({"TableName":"abc","TimeToLiveSpecification":{"Enabled":true,"AttributeName":""}})",
       violates({{"''", "timeToLiveSpecification.attributeName", at_least(1)}})},
      {"TransactGetItems", R"({"TransactItems":[]})", violates({{"'[]'", "transactItems", at_least(1)}})},
      {"TransactGetItems", R"({"TransactItems":[)" + repeated(get, 101) + "]}",
       violates({{"'[" + repeated(get_text, 101, ", ") + "]'", "transactItems", at_most(100)}})},
      {"TransactWriteItems", R"({"TransactItems":[]})", violates({{"'[]'", "transactItems", at_least(1)}})},
      {"TransactWriteItems", R"({"TransactItems":[{}],"ClientRequestToken":""})",
       violates({{"''", "clientRequestToken", at_least(1)}})},
      {"TransactWriteItems", R"({"TransactItems":[{}],"ClientRequestToken":")" + std::string(37, 't') + R"("})",
       violates({{in_quotes(std::string(37, 't')), "clientRequestToken", at_most(36)}})},
      {"ExecuteStatement", R"({"Statement":""})", violates({{"''", "statement", at_least(1)}})},
      {"ExecuteStatement", R"({"Statement":"s","Parameters":[]})", violates({{"'[]'", "parameters", at_least(1)}})},
      {"ExecuteStatement", R"({"Statement":")" + std::string(8193, 's') + R"("})",
       violates({{in_quotes(std::string(8193, 's')), "statement", at_most(8192)}})},
      {"BatchExecuteStatement", R"({"Statements":[]})", violates({{"'[]'", "statements", at_least(1)}})},
      {"ExecuteTransaction", R"({"TransactStatements":[]})", violates({{"'[]'", "transactStatements", at_least(1)}})},
      {"DeleteResourcePolicy", R"({"ResourceArn":"arn:x","ExpectedRevisionId":""})",
       violates({{"''", "expectedRevisionId", at_least(1)}})},
      {"EnableKinesisStreamingDestination", R"({"TableName":"abc","StreamArn":""})",
       violates({{"''", "streamArn", at_least(37)}})},
      {"ExportTableToPointInTime", R"({"TableArn":"","S3Bucket":""})",
       violates({{"''", "s3Bucket",
                  R"(Member must satisfy regular expression pattern: ^[a-z0-9A-Z]+[\.\-\w]*[a-z0-9A-Z]+$)"}})},
      {"ExportTableToPointInTime", R"({"TableArn":"x","S3Bucket":"my.bucket-1","S3BucketOwner":"12345678901"})",
       violates({{"'12345678901'", "s3BucketOwner", "Member must satisfy regular expression pattern: [0-9]{12}"}})},
      {"GetShardIterator", R"({"StreamArn":"x","ShardId":"y","ShardIteratorType":"z","SequenceNumber":"1"})",
       violates({{"'x'", "streamArn", at_least(37)},
                 {"'y'", "shardId", at_least(28)},
                 {"'z'", "shardIteratorType",
                  one_of("AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON")},
                 {"'1'", "sequenceNumber", at_least(21)}})},
  });
}

TEST(ShapeConstraints, JudgeBatches) {
  const std::string keys =
      "Map keys must satisfy constraint: [" + at_most(255) + ", " + at_least(3) + ", " + kNamePattern + "]";
  const std::string values = "Map value must satisfy constraint: [" + at_most(25) + ", " + at_least(1) + "]";
  const std::string put = R"({"PutRequest":{"Item":{"pk":{"S":"a"}}}})";
  const std::string put_text =
      "WriteRequest(putRequest=PutRequest(item={pk=AttributeValue(s=a, n=null, b=null, iNT=null, dECIMAL=null, "
      "dOUBLE=null, sS=null, nS=null, bS=null, iNTSET=null, dECIMALSET=null, dOUBLESET=null, m=null, l=null, "
      "nULL=null, bOOL=null)}, workloadProfileName=null), deleteRequest=null)";
  expect_rows({
      {"BatchGetItem", R"({"RequestItems":{}})",
       validation("1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: " + at_least(1))},
      {"BatchWriteItem", R"({"RequestItems":{}})",
       validation("The requestItems parameter is required for BatchWriteItem")},
      {"BatchWriteItem", R"({"RequestItems":{},"ReturnConsumedCapacity":"hi"})",
       violates({{"'hi'", "returnConsumedCapacity", kCapacitySet}, {"'{}'", "requestItems", at_least(1)}})},
      {"BatchGetItem", R"({"RequestItems":{"music":{"Keys":[]}}})",
       validation("1 validation error detected: Value at 'RequestItems.music.member.Keys' failed to satisfy "
                  "constraint: " +
                  at_least(1))},
      {"BatchGetItem", R"({"RequestItems":{"music":{"Keys":[)" + repeated("{}", 101) + "]}}}",
       validation("1 validation error detected: Value at 'RequestItems.music.member.Keys' failed to satisfy "
                  "constraint: " +
                  at_most(100))},
      {"BatchGetItem", R"({"RequestItems":{"music":{"Keys":[)" + repeated("{}", 100) + "]}}}", kPasses},
      {"BatchGetItem", R"({"RequestItems":{"music":{"Keys":[],"AttributesToGet":[]}}})",
       violates({{"'[]'", "requestItems.music.member.keys", at_least(1)},
                 {"'[]'", "requestItems.music.member.attributesToGet", at_least(1)}})},
      {"BatchWriteItem", R"({"RequestItems":{"music":[]}})", violates({{"'{music=[]}'", "requestItems", values}})},
      {"BatchWriteItem", R"({"RequestItems":{"music":[)" + repeated(put, 26) + "]}}",
       violates({{"'{music=[" + repeated(put_text, 26, ", ") + "]}'", "requestItems", values}})},
      {"BatchWriteItem", R"({"RequestItems":{"music":[)" + repeated(put, 25) + "]}}", kPasses},
      {"BatchWriteItem", R"({"RequestItems":{"a;":[)" + put + "]}}",
       violates({{"'{a;=[" + put_text + "]}'", "requestItems", keys}})},
      {"BatchWriteItem", R"({"RequestItems":{"a;":[{"PutRequest":{}}]},"ReturnItemCollectionMetrics":"hi"})",
       violates(
           {{"'hi'", "returnItemCollectionMetrics", one_of("SIZE, NONE")},
            {"'{a;=[WriteRequest(putRequest=PutRequest(item=null, workloadProfileName=null), deleteRequest=null)]}'",
             "requestItems", keys},
            {"null", "requestItems.a;.member.1.member.putRequest.item", kNotNull}})},
      {"BatchWriteItem", R"({"RequestItems":{"arn:aws:dynamodb:us-east-1:000000000000:table/music":[)" + put + "]}}",
       kPasses},
  });
}

TEST(ShapeConstraints, AreReportedUpToTen) {
  std::vector<Violated> ten;
  for (int index = 1; index <= 3; ++index) {
    const std::string at = "localSecondaryIndexes." + std::to_string(index) + ".member.";
    ten.push_back({"null", at + "indexName", kNotNull});
    ten.push_back({"null", at + "keySchema", kNotNull});
    ten.push_back({"null", at + "projection", kNotNull});
  }
  ten.push_back({"null", "localSecondaryIndexes.4.member.indexName", kNotNull});
  expect_rows({{"CreateTable",
                R"({"TableName":"abc","AttributeDefinitions":[],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],)"
                R"("LocalSecondaryIndexes":[)" +
                    repeated("{}", 9) + "]}",
                violates(ten)}});
}

TEST(ShapeConstraints, RefuseNullInsideListsAndMaps) {
  const Outcome empty_value =
      validation("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
  const Outcome null_in_set = validation("One or more parameter values were invalid: A set may not have a null member");
  expect_rows({
      {"PutItem", R"({"TableName":"abc","Item":{"a":null}})", empty_value},
      {"PutItem", R"({"TableName":"abc","Item":{"a":{"L":[null]}}})", empty_value},
      {"PutItem", R"({"TableName":"abc","Item":{"a":{"M":{"b":null}}}})", empty_value},
      {"PutItem", R"({"TableName":"abc","Item":{"a":{"SS":[null]}}})", null_in_set},
      {"PutItem", R"({"TableName":"abc","Item":{"a":{"BS":["AA==",null]}}})", null_in_set},
      {"GetItem", R"({"TableName":"abc","Key":{},"AttributesToGet":[null]})",
       violates({{"null", "attributesToGet.1.member", kNotNull}})},
      {"GetItem", R"({"TableName":"abc","Key":{},"ExpressionAttributeNames":{"#a":null}})",
       violates({{"null", "expressionAttributeNames.#a.member", kNotNull}})},
      {"BatchGetItem", R"({"RequestItems":{"abc":{"Keys":[null]}}})",
       violates({{"null", "requestItems.abc.member.keys.1.member", kNotNull}})},
      {"BatchWriteItem", R"({"RequestItems":{"abc":null}})", violates({{"null", "requestItems.abc.member", kNotNull}})},
      {"BatchWriteItem", R"({"RequestItems":{"abc":[null]}})",
       violates({{"null", "requestItems.abc.member.1.member", kNotNull}})},
      {"TransactWriteItems", R"({"TransactItems":[null]})", violates({{"null", "transactItems.1.member", kNotNull}})},
  });
}

TEST(ShapeConstraints, CountTheLastOfTwoMembersOfOneName) {
  EXPECT_EQ(check("DescribeTable", R"({"TableName":"x","TableName":"abc"})"), kPasses);
  EXPECT_EQ(check("DescribeTable", R"({"TableName":"abc","TableName":"ab"})"),
            violates({{"'ab'", "tableName", at_least(3)}}));
}

// ---- Operations -----------------------------------------------------------------------------------------------------

TEST(ShapeOperations, AreKnownByTheirExactName) {
  for (const Operation& operation : kOperations) {
    EXPECT_EQ(find_operation(operation.name), &operation) << operation.name;
  }
  for (const std::string_view name : {"", "G", "getItem", "GetItems", "GetIte", "DescribeStreams", "\xff"}) {
    EXPECT_EQ(find_operation(name), nullptr) << name;
  }
  EXPECT_EQ(std::size(kOperations), 66U);
}

TEST(ShapeOperations, FindEveryDeclaredMember) {
  for (const Operation& operation : kOperations) {
    for (std::size_t at = 0; at < operation.input->members.size(); ++at) {
      EXPECT_EQ(operation.input->index->find(operation.input->members[at].name), at) << operation.name;
    }
  }
}

// ---- Hostile requests -----------------------------------------------------------------------------------------------

TEST(ShapeHostile, NestingToTheParsersLimitIsWalked) {
  for (const std::string_view open : {R"({"M":{"a":)", R"({"L":[)"}) {
    const std::string_view close = open[2] == 'M' ? "}}" : "]}";
    const std::string body =
        R"({"TableName":"abc","Item":{"a":)" + repeated(open, 500, "") + R"({"S":1})" + repeated(close, 500, "") + "}}";
    EXPECT_EQ(check("PutItem", body), serialization("NUMBER_VALUE cannot be converted to String"));
  }
}

TEST(ShapeHostile, MessagesStayBoundedAndTheWalkLinear) {
  const std::string long_key(4 << 20, 'k');
  const std::string many = repeated("{}", 200'000);
  const Outcome outcome = check("BatchWriteItem", R"({"RequestItems":{")" + long_key + R"(":[)" + many + "]}}");
  EXPECT_EQ(outcome.type, "ValidationException");
  EXPECT_LT(outcome.message.size(), 4U * kMaxValueTextBytes);
  const std::string wide = R"({"TableName":"abc","Item":{"a":{"L":[)" + repeated(R"({"S":"x"})", 1'000'000) + "]}}}";
  EXPECT_EQ(check("PutItem", wide), kPasses);
}

// ---- Texts and values -----------------------------------------------------------------------------------------------

std::string text_of(std::string_view json) {
  simdjson::dom::parser parser;
  return value_text(parser.parse(json.data(), json.size()).value());
}

TEST(ShapeText, PrintsValuesAsJavaDoes) {
  EXPECT_EQ(text_of(R"(["a",1,-2.5,true,null,{"k":"v","l":[]}])"), "[a, 1, -2.5, true, null, {k=v, l=[]}]");
  EXPECT_EQ(text_of(R"({})"), "{}");
  EXPECT_EQ(lower_first("TableName"), "tableName");
  EXPECT_EQ(lower_first("SSESpecification"), "sSESpecification");
  EXPECT_EQ(lower_first("s3"), "s3");
  EXPECT_EQ(lower_first(""), "");
}

TEST(ShapeValues, AreReadAsLenientlyAsTheyAreChecked) {
  simdjson::dom::parser parser;
  const auto truth = [&](std::string_view json) {
    return json::read_boolean(parser.parse(json.data(), json.size()).value());
  };
  for (const std::string_view json : {"true", R"("true")", R"("TRUE")", R"("Yes")", R"("1")"}) {
    EXPECT_TRUE(truth(json)) << json;
  }
  for (const std::string_view json : {"false", R"("false")", R"("No")", R"("0")", R"("x")", "1"}) {
    EXPECT_FALSE(truth(json)) << json;
  }
  const auto integer = [&](std::string_view json) {
    return json::read_integer(parser.parse(json.data(), json.size()).value());
  };
  EXPECT_EQ(integer("7"), 7);
  EXPECT_EQ(integer("7.9"), 7);
  EXPECT_EQ(integer("-0.9"), 0);
  EXPECT_EQ(integer("1e300"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(integer("-1e300"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(integer("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
}

}  // namespace
}  // namespace stator::api
