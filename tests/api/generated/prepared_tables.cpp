#include "api/generated/prepared_tables.h"

#include <algorithm>
#include <string>

namespace stator::api::generated {

namespace {

constexpr std::string_view kTable = R"({"TableName":"probe","BillingMode":"PAY_PER_REQUEST",
  "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"},
    {"AttributeName":"l","AttributeType":"N"},{"AttributeName":"g","AttributeType":"S"}],
  "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
  "LocalSecondaryIndexes":[{"IndexName":"byL","Projection":{"ProjectionType":"ALL"},
    "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"l","KeyType":"RANGE"}]}],
  "GlobalSecondaryIndexes":[{"IndexName":"byG","Projection":{"ProjectionType":"ALL"},
    "KeySchema":[{"AttributeName":"g","KeyType":"HASH"}]}],
  "Tags":[{"Key":"team","Value":"storage"}]})";

constexpr std::string_view kProvisionedTable = R"({"TableName":"provisioned",
  "ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":5},
  "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
  "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]})";

constexpr std::string_view kStreamedTable = R"({"TableName":"streamed","BillingMode":"PAY_PER_REQUEST",
  "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
  "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
  "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}})";

constexpr std::string_view kBackedUpTable = R"({"TableName":"backed","BillingMode":"PAY_PER_REQUEST",
  "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"},
    {"AttributeName":"l","AttributeType":"N"},{"AttributeName":"g","AttributeType":"S"}],
  "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
  "LocalSecondaryIndexes":[{"IndexName":"byL","Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["x"]},
    "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"l","KeyType":"RANGE"}]}],
  "GlobalSecondaryIndexes":[{"IndexName":"byG","Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["x"]},
    "KeySchema":[{"AttributeName":"g","KeyType":"HASH"}]}],
  "VectorIndexes":[{"IndexName":"byV","VectorAttribute":{"AttributeName":"v"},"Dimensions":3,"DistanceFunction":"EUCLIDEAN",
    "Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["x"]},"SearchSchema":[{"AttributeName":"g","SearchSchemaElementType":"HASH"},
    {"AttributeName":"l","SearchSchemaElementType":"INLINE_FILTER"}]}]})";

constexpr std::string_view kSearchedTable = R"({"TableName":"searched","BillingMode":"PAY_PER_REQUEST",
  "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"l","AttributeType":"N"},
    {"AttributeName":"g","AttributeType":"S"}],
  "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
  "VectorIndexes":[{"IndexName":"byV","VectorAttribute":{"AttributeName":"v"},"Dimensions":3,"DistanceFunction":"EUCLIDEAN",
    "Projection":{"ProjectionType":"ALL"},"SearchSchema":[{"AttributeName":"g","SearchSchemaElementType":"HASH"},
    {"AttributeName":"l","SearchSchemaElementType":"INLINE_FILTER"}]}]})";

constexpr std::string_view kSearchedItem =
    R"({"TableName":"searched","Item":{"pk":{"S":"a"},"g":{"S":"g"},"l":{"N":"1"},
  "m":{"M":{"g":{"S":"x"}}},"v":{"L":[{"N":"1"},{"N":"0.5"},{"N":"0"}]}}})";

// A global table in us-east-1 and another region.
constexpr std::string_view kGlobalTable = R"({"TableName":"global","BillingMode":"PAY_PER_REQUEST",
  "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
  "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
  "GlobalSecondaryIndexes":[{"IndexName":"byA","Projection":{"ProjectionType":"ALL"},
    "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}],
  "SSESpecification":{"Enabled":true,"SSEType":"KMS","KMSMasterKeyId":"k"}})";

constexpr std::string_view kScaledTable = R"({"TableName":"scaled",
  "ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":5},
  "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
  "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
  "GlobalSecondaryIndexes":[{"IndexName":"byA","Projection":{"ProjectionType":"ALL"},
    "ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":5},
    "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}]})";

constexpr std::string_view kStrongTable = R"({"TableName":"strong","BillingMode":"PAY_PER_REQUEST",
  "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
  "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]})";

/// A clock that stands still, so that the stream's ARN and its iterators are those in requests.json.
class StandingClock : public core::Clock {
 public:
  [[nodiscard]] std::int64_t now_ms() const override { return 1'767'225'600'000; }  // 2026-01-01T00:00:00Z
};

std::string item(const std::string& partition, int number) {
  const std::string digits = std::to_string(number);
  return R"({"TableName":"probe","Item":{"pk":{"S":")" + partition + R"("},"sk":{"S":")" + digits + R"("},"l":{"N":")" +
         digits + R"("},"g":{"S":"g"},"n":{"N":")" + digits +
         R"("},"t":{"S":"text"},"b":{"B":"AAEC"},"ss":{"SS":["x","y"]},"ns":{"NS":["1","2"]},"bs":{"BS":["AA==","AQ=="]},
           "m":{"M":{"in":{"N":"1"},"list":{"L":[{"S":"e"}]}}},"li":{"L":[{"N":"1"},{"S":"two"}]},
           "yes":{"BOOL":true},"none":{"NULL":true}}})";
}

/// Adds the table `backed`, with point-in-time recovery, an export and a backup.
void add_backups(endpoint::Embedded& endpoint) {
  endpoint.call("CreateTable", kBackedUpTable);
  endpoint.call("UpdateContinuousBackups",
                R"({"TableName":"backed","PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":true}})");
  endpoint.call("ExportTableToPointInTime",
                R"({"TableArn":"arn:aws:dynamodb:us-east-1:000000000000:table/backed","S3Bucket":"bucket"})");
  endpoint.call(
      "ImportTable",
      R"({"ClientToken":"token","S3BucketSource":{"S3Bucket":"bucket"},"InputFormat":"CSV","TableCreationParameters":{
    "TableName":"made","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"}})");
  endpoint.call("StartBulkPutItems",
                R"({"TableName":"backed","InputS3Configuration":{"S3Bucket":"bucket","InputFormat":"ION"},
    "OutputS3Configuration":{"S3Bucket":"bucket","OutputType":["ERROR"]}})");
  endpoint.call("CreateBackup", R"({"TableName":"backed","BackupName":"prepared"})");
}

}  // namespace

bool speaks_of_backups(std::string_view operation) {
  constexpr std::string_view kWords[] = {"Backup", "PointInTime", "Export", "DescribeImport", "ListImports", "Bulk"};
  return std::ranges::any_of(kWords,
                             [&](std::string_view word) { return operation.find(word) != std::string_view::npos; });
}

std::unique_ptr<endpoint::Embedded> prepared_tables(bool with_backups) {
  static const StandingClock clock;
  engine::Options options;
  options.clock = &clock;
  auto endpoint = std::make_unique<endpoint::Embedded>(options);
  endpoint->call("CreateTable", kTable);
  endpoint->call("CreateTable", kProvisionedTable);
  endpoint->call("CreateTable", kStreamedTable);
  endpoint->call("CreateTable", kGlobalTable);
  endpoint->call("UpdateTable", R"({"TableName":"global",
    "ReplicaUpdates":[{"Create":{"RegionName":"eu-west-1","KMSMasterKeyId":"k"}}]})");
  endpoint->call("UpdateTable", R"({"TableName":"global","DisassociationProtectionEnabled":false})");
  endpoint->call("CreateTable", kScaledTable);
  endpoint->call("UpdateTable", R"({"TableName":"scaled","ReplicaUpdates":[{"Create":{"RegionName":"eu-west-1"}}]})");
  endpoint->call("CreateTable", kStrongTable);
  endpoint->call("UpdateTable", R"({"TableName":"strong","MultiRegionConsistency":"STRONG",
    "ReplicaUpdates":[{"Create":{"RegionName":"us-west-2"}}],
    "GlobalTableWitnessUpdates":[{"Create":{"RegionName":"us-east-2"}}]})");
  endpoint->call("CreateTable", kSearchedTable);
  endpoint->call("PutItem", kSearchedItem);
  endpoint->call("EnableKinesisStreamingDestination",
                 R"({"TableName":"streamed","StreamArn":"arn:aws:kinesis:us-east-1:000000000000:stream/k"})");
  endpoint->call("PutResourcePolicy", R"({"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/streamed",
    "Policy":"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"000000000000\"},\"Action\":\"dynamodb:*\",\"Resource\":\"*\"}}"})");
  for (const char* version : {"1", "2"}) {
    endpoint->call("PutItem",
                   R"({"TableName":"streamed","Item":{"pk":{"S":"a"},"v":{"N":")" + std::string(version) + "\"}}}");
  }
  endpoint->call("UpdateTimeToLive",
                 R"({"TableName":"probe","TimeToLiveSpecification":{"AttributeName":"expires","Enabled":true}})");
  if (with_backups) add_backups(*endpoint);
  put_prepared_items(*endpoint);
  return endpoint;
}

void put_prepared_items(endpoint::Embedded& endpoint) {
  static const std::string kItems[] = {item("a", 1), item("a", 2), item("a", 3), item("a", 4), item("b", 1)};
  for (const std::string& item : kItems) endpoint.call("PutItem", item);
}

}  // namespace stator::api::generated
