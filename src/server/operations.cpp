#include "server/operations.h"

#include <algorithm>
#include <array>

namespace stator::server {
namespace {

// In order. Source: the API reference's list of actions, DynamoDB and DynamoDB Streams.
constexpr std::array kOperations = {
    std::string_view("BatchExecuteStatement"),
    std::string_view("BatchGetItem"),
    std::string_view("BatchWriteItem"),
    std::string_view("CreateBackup"),
    std::string_view("CreateGlobalTable"),
    std::string_view("CreateTable"),
    std::string_view("DeleteBackup"),
    std::string_view("DeleteItem"),
    std::string_view("DeleteResourcePolicy"),
    std::string_view("DeleteTable"),
    std::string_view("DescribeBackup"),
    std::string_view("DescribeContinuousBackups"),
    std::string_view("DescribeContributorInsights"),
    std::string_view("DescribeEndpoints"),
    std::string_view("DescribeExport"),
    std::string_view("DescribeGlobalTable"),
    std::string_view("DescribeGlobalTableSettings"),
    std::string_view("DescribeImport"),
    std::string_view("DescribeKinesisStreamingDestination"),
    std::string_view("DescribeLimits"),
    std::string_view("DescribeStream"),
    std::string_view("DescribeTable"),
    std::string_view("DescribeTableReplicaAutoScaling"),
    std::string_view("DescribeTimeToLive"),
    std::string_view("DisableKinesisStreamingDestination"),
    std::string_view("EnableKinesisStreamingDestination"),
    std::string_view("ExecuteStatement"),
    std::string_view("ExecuteTransaction"),
    std::string_view("ExportTableToPointInTime"),
    std::string_view("GetItem"),
    std::string_view("GetRecords"),
    std::string_view("GetResourcePolicy"),
    std::string_view("GetShardIterator"),
    std::string_view("ImportTable"),
    std::string_view("ListBackups"),
    std::string_view("ListContributorInsights"),
    std::string_view("ListExports"),
    std::string_view("ListGlobalTables"),
    std::string_view("ListImports"),
    std::string_view("ListStreams"),
    std::string_view("ListTables"),
    std::string_view("ListTagsOfResource"),
    std::string_view("PutItem"),
    std::string_view("PutResourcePolicy"),
    std::string_view("Query"),
    std::string_view("RestoreTableFromBackup"),
    std::string_view("RestoreTableToPointInTime"),
    std::string_view("Scan"),
    std::string_view("TagResource"),
    std::string_view("TransactGetItems"),
    std::string_view("TransactWriteItems"),
    std::string_view("UntagResource"),
    std::string_view("UpdateContinuousBackups"),
    std::string_view("UpdateContributorInsights"),
    std::string_view("UpdateGlobalTable"),
    std::string_view("UpdateGlobalTableSettings"),
    std::string_view("UpdateItem"),
    std::string_view("UpdateTable"),
    std::string_view("UpdateTableReplicaAutoScaling"),
    std::string_view("UpdateTimeToLive"),
};
static_assert(std::ranges::is_sorted(kOperations));

}  // namespace

bool is_dynamodb_operation(std::string_view name) { return std::ranges::binary_search(kOperations, name); }

}  // namespace stator::server
