#pragma once

#include "api/shapes/items.h"
#include "api/shapes/management.h"
#include "api/shapes/tables.h"

/// Every operation of the current service and its input.
namespace stator::api::shapes {

struct Operation {
  std::string_view name;
  const Shape* input;
  /// Unless a required member is missing, a wrong table name is reported alone.
  bool table_name_alone = false;
};

inline constexpr Operation kOperations[] = {
    // Items.
    {"GetItem", &kGetItem, true},
    {"PutItem", &kPutItem, true},
    {"UpdateItem", &kUpdateItem, true},
    {"DeleteItem", &kDeleteItem, true},
    {"Query", &kQuery, true},
    {"Scan", &kScan},
    {"BatchGetItem", &kBatchGetItem},
    {"BatchWriteItem", &kBatchWriteItem},
    {"TransactGetItems", &kTransactGetItems},
    {"TransactWriteItems", &kTransactWriteItems},
    {"ExecuteStatement", &kExecuteStatement},
    {"BatchExecuteStatement", &kBatchExecuteStatement},
    {"ExecuteTransaction", &kExecuteTransaction},
    {"SearchVectors", &kSearchVectors},
    // Tables.
    {"CreateTable", &kCreateTable},
    {"DescribeTable", &kOneTable},
    {"UpdateTable", &kUpdateTable},
    {"DeleteTable", &kOneTable},
    {"ListTables", &kListTables},
    {"DescribeTimeToLive", &kOneTable},
    {"UpdateTimeToLive", &kUpdateTimeToLive},
    {"TagResource", &kTagResource},
    {"UntagResource", &kUntagResource},
    {"ListTagsOfResource", &kListTags},
    {"DescribeLimits", &kNothing},
    {"DescribeEndpoints", &kNothing},
    // Backups, exports, imports.
    {"CreateBackup", &kCreateBackup},
    {"DescribeBackup", &kOneBackup},
    {"DeleteBackup", &kOneBackup},
    {"ListBackups", &kListBackups},
    {"RestoreTableFromBackup", &kRestoreFromBackup},
    {"RestoreTableToPointInTime", &kRestoreToPoint},
    {"DescribeContinuousBackups", &kOneTable},
    {"UpdateContinuousBackups", &kUpdateContinuousBackups},
    {"ExportTableToPointInTime", &kExportTable},
    {"DescribeExport", &kDescribeExport},
    {"ListExports", &kListExports},
    {"ImportTable", &kImportTable},
    {"DescribeImport", &kDescribeImport},
    {"ListImports", &kListImports},
    {"StartBulkPutItems", &kStartBulkPut},
    {"DescribeBulkOperation", &kOneBulkOperation},
    {"CancelBulkOperation", &kOneBulkOperation},
    {"ListBulkOperations", &kListBulkOperations},
    // Replicas.
    {"CreateGlobalTable", &kCreateGlobalTable},
    {"DescribeGlobalTable", &kOneGlobalTable},
    {"DescribeGlobalTableSettings", &kOneGlobalTable},
    {"ListGlobalTables", &kListGlobalTables},
    {"UpdateGlobalTable", &kUpdateGlobalTable},
    {"UpdateGlobalTableSettings", &kUpdateGlobalTableSettings},
    {"DescribeTableReplicaAutoScaling", &kOneTable},
    {"UpdateTableReplicaAutoScaling", &kUpdateAutoScaling},
    // Streams to elsewhere, insights, policies.
    {"EnableKinesisStreamingDestination", &kKinesisDestination},
    {"DisableKinesisStreamingDestination", &kKinesisDestination},
    {"UpdateKinesisStreamingDestination", &kUpdateKinesisDestination},
    {"DescribeKinesisStreamingDestination", &kOneTable},
    {"DescribeContributorInsights", &kDescribeInsights},
    {"UpdateContributorInsights", &kUpdateInsights},
    {"ListContributorInsights", &kListInsights},
    {"GetResourcePolicy", &kGetPolicy},
    {"PutResourcePolicy", &kPutPolicy},
    {"DeleteResourcePolicy", &kDeletePolicy},
    // DynamoDB Streams, under a target of their own.
    {"DescribeStream", &kDescribeStream},
    {"GetRecords", &kGetRecords},
    {"GetShardIterator", &kGetShardIterator},
    {"ListStreams", &kListStreams},
};

using OperationIndex = NameIndex<FullHash, 1024>;
inline constexpr OperationIndex kOperationIndex =
    make_index<OperationIndex, Operation>(std::span<const Operation>(kOperations));

/// The operation of that name, or null.
constexpr const Operation* find_operation(std::string_view name) {
  const std::uint8_t at = kOperationIndex.find(name);
  return at != OperationIndex::kEmpty && kOperations[at].name == name ? &kOperations[at] : nullptr;
}

}  // namespace stator::api::shapes
