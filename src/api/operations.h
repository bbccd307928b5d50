#pragma once

#include <cstdint>
#include <string_view>

#include "api/rollout.h"
#include "api/shapes/items.h"
#include "api/shapes/management.h"
#include "api/shapes/tables.h"

/// The table of operations: one row each, with everything that depends only on the operation's name.
namespace stator::api {

struct Call;

// The functions that answer operations; each appends its reply.

// table_operations.cpp
void create_table(Call& call);
void describe_table(Call& call);
void list_tables(Call& call);
void delete_table(Call& call);

// update_table.cpp
void update_table(Call& call);

// item_operations.cpp
void put_item(Call& call);
void get_item(Call& call);
void update_item(Call& call);
void delete_item(Call& call);

// page_operations.cpp
void query(Call& call);
void scan(Call& call);

// batch_operations.cpp
void batch_get_item(Call& call);
void batch_write_item(Call& call);

// transaction_operations.cpp
void transact_get_items(Call& call);
void transact_write_items(Call& call);

// search_operations.cpp
void search_vectors(Call& call);

// statement_operations.cpp
void execute_statement(Call& call);
void batch_execute_statement(Call& call);
void execute_transaction(Call& call);

// account_operations.cpp
void tag_resource(Call& call);
void untag_resource(Call& call);
void list_tags_of_resource(Call& call);
void describe_time_to_live(Call& call);
void update_time_to_live(Call& call);
void describe_limits(Call& call);
void describe_endpoints(Call& call);

// auto_scaling_operations.cpp
void describe_table_replica_auto_scaling(Call& call);
void update_table_replica_auto_scaling(Call& call);

// backup_operations.cpp
void create_backup(Call& call);
void describe_backup(Call& call);
void delete_backup(Call& call);
void list_backups(Call& call);
void restore_table_from_backup(Call& call);

// global_table_operations.cpp
void create_global_table(Call& call);
void describe_global_table(Call& call);
void describe_global_table_settings(Call& call);
void list_global_tables(Call& call);
void update_global_table(Call& call);
void update_global_table_settings(Call& call);

// insights_operations.cpp
void describe_contributor_insights(Call& call);
void update_contributor_insights(Call& call);
void list_contributor_insights(Call& call);

// kinesis_operations.cpp
void describe_kinesis_streaming_destination(Call& call);
void enable_kinesis_streaming_destination(Call& call);
void update_kinesis_streaming_destination(Call& call);
void disable_kinesis_streaming_destination(Call& call);

// policy_operations.cpp
void get_resource_policy(Call& call);
void put_resource_policy(Call& call);
void delete_resource_policy(Call& call);

// recovery_operations.cpp
void describe_continuous_backups(Call& call);
void update_continuous_backups(Call& call);
void restore_table_to_point_in_time(Call& call);

// export_operations.cpp
void export_table_to_point_in_time(Call& call);
void describe_export(Call& call);
void list_exports(Call& call);

// import_operations.cpp
void import_table(Call& call);
void describe_import(Call& call);
void list_imports(Call& call);

// bulk_operations.cpp
void start_bulk_put_items(Call& call);
void describe_bulk_operation(Call& call);
void cancel_bulk_operation(Call& call);
void list_bulk_operations(Call& call);

// stream_operations.cpp
void list_streams(Call& call);
void describe_stream(Call& call);
void get_shard_iterator(Call& call);
void get_records(Call& call);

enum class Effect : std::uint8_t { kRead, kWrite };

/// How much an operation does.
enum class Load : std::uint8_t {
  kItem,      // an item or a description: usually microseconds
  kPage,      // a page, a batch, a transaction: milliseconds, replies of up to megabytes
  kSettings,  // changes tables, tags, backups: waits for the disk and for running writes
};

struct SpecialRules {
  /// A wrong table name is reported alone, unless a required member is missing.
  bool table_name_alone = false;
  /// The same for ReturnValues, after the table name.
  bool return_values_alone = false;
  /// A fault in a member that the operation itself checks is reported instead of all others.
  bool operation_checks_first = false;
  /// The operation uses no table. (Others use tables although the request names none: ListTables.)
  bool names_no_table = false;
  /// The service reads requests of this operation with a parser that has different texts for nulls, wrong JSON types
  /// and missing members (strict_reader.h).
  bool strict_reader = false;
  /// An operation of DynamoDB Streams, which has a separate target.
  bool of_streams = false;
  /// The rollout by which answers differ between regions.
  Rollout rollout = Rollout::kNone;
};

struct Operation {
  std::string_view name;
  const shapes::Shape* input;
  /// For PartiQL operations the greatest possible effect; `effect_of` (request_access.h) determines it from the
  /// statements.
  Effect effect;
  Load load;
  /// Null if the operation is not built.
  void (*answer)(Call&) = nullptr;
  SpecialRules special_rules{};
};

/// Every operation of the current service, built or not. Source: the API reference's lists of actions, DynamoDB and
/// DynamoDB Streams, 2012-08-10.
inline constexpr Operation kOperations[] = {
    // Items.
    {"GetItem", &shapes::kGetItem, Effect::kRead, Load::kItem, get_item, {.table_name_alone = true}},
    {"PutItem",
     &shapes::kPutItem,
     Effect::kWrite,
     Load::kItem,
     put_item,
     {.table_name_alone = true, .rollout = Rollout::kWrites}},
    {"UpdateItem",
     &shapes::kUpdateItem,
     Effect::kWrite,
     Load::kItem,
     update_item,
     {.table_name_alone = true, .return_values_alone = true, .rollout = Rollout::kWrites}},
    {"DeleteItem",
     &shapes::kDeleteItem,
     Effect::kWrite,
     Load::kItem,
     delete_item,
     {.table_name_alone = true, .rollout = Rollout::kWrites}},
    {"Query",
     &shapes::kQuery,
     Effect::kRead,
     Load::kPage,
     query,
     {.table_name_alone = true, .operation_checks_first = true}},
    {"Scan", &shapes::kScan, Effect::kRead, Load::kPage, scan, {.rollout = Rollout::kScans}},
    {"BatchGetItem",
     &shapes::kBatchGetItem,
     Effect::kRead,
     Load::kPage,
     batch_get_item,
     {.rollout = Rollout::kBatchGets}},
    {"BatchWriteItem",
     &shapes::kBatchWriteItem,
     Effect::kWrite,
     Load::kPage,
     batch_write_item,
     {.rollout = Rollout::kBatchWrites}},
    {"TransactGetItems",
     &shapes::kTransactGetItems,
     Effect::kRead,
     Load::kPage,
     transact_get_items,
     {.rollout = Rollout::kTransactions}},
    {"TransactWriteItems",
     &shapes::kTransactWriteItems,
     Effect::kWrite,
     Load::kPage,
     transact_write_items,
     {.rollout = Rollout::kTransactions}},
    {"ExecuteStatement", &shapes::kExecuteStatement, Effect::kWrite, Load::kPage, execute_statement},
    {"BatchExecuteStatement", &shapes::kBatchExecuteStatement, Effect::kWrite, Load::kPage, batch_execute_statement},
    {"ExecuteTransaction", &shapes::kExecuteTransaction, Effect::kWrite, Load::kPage, execute_transaction},
    {"SearchVectors", &shapes::kSearchVectors, Effect::kRead, Load::kPage, search_vectors, {.strict_reader = true}},
    // Tables.
    {"CreateTable", &shapes::kCreateTable, Effect::kWrite, Load::kSettings, create_table},
    {"DescribeTable", &shapes::kOneTable, Effect::kRead, Load::kItem, describe_table},
    {"UpdateTable", &shapes::kUpdateTable, Effect::kWrite, Load::kSettings, update_table},
    {"DeleteTable", &shapes::kOneTable, Effect::kWrite, Load::kSettings, delete_table},
    {"ListTables", &shapes::kListTables, Effect::kRead, Load::kItem, list_tables},
    {"DescribeTimeToLive", &shapes::kOneTable, Effect::kRead, Load::kItem, describe_time_to_live},
    {"UpdateTimeToLive", &shapes::kUpdateTimeToLive, Effect::kWrite, Load::kSettings, update_time_to_live},
    {"TagResource", &shapes::kTagResource, Effect::kWrite, Load::kSettings, tag_resource},
    {"UntagResource", &shapes::kUntagResource, Effect::kWrite, Load::kSettings, untag_resource},
    {"ListTagsOfResource", &shapes::kListTags, Effect::kRead, Load::kItem, list_tags_of_resource},
    {"DescribeLimits", &shapes::kNothing, Effect::kRead, Load::kItem, describe_limits, {.names_no_table = true}},
    {"DescribeEndpoints", &shapes::kNothing, Effect::kRead, Load::kItem, describe_endpoints, {.names_no_table = true}},
    // Backups, exports, imports.
    {"CreateBackup", &shapes::kCreateBackup, Effect::kWrite, Load::kSettings, create_backup},
    {"DescribeBackup", &shapes::kOneBackup, Effect::kRead, Load::kItem, describe_backup},
    {"DeleteBackup", &shapes::kOneBackup, Effect::kWrite, Load::kSettings, delete_backup},
    {"ListBackups", &shapes::kListBackups, Effect::kRead, Load::kItem, list_backups},
    {"RestoreTableFromBackup", &shapes::kRestoreFromBackup, Effect::kWrite, Load::kSettings, restore_table_from_backup},
    {"RestoreTableToPointInTime", &shapes::kRestoreToPoint, Effect::kWrite, Load::kSettings,
     restore_table_to_point_in_time},
    {"DescribeContinuousBackups", &shapes::kOneTable, Effect::kRead, Load::kItem, describe_continuous_backups},
    {"UpdateContinuousBackups", &shapes::kUpdateContinuousBackups, Effect::kWrite, Load::kSettings,
     update_continuous_backups},
    {"ExportTableToPointInTime", &shapes::kExportTable, Effect::kWrite, Load::kSettings, export_table_to_point_in_time},
    {"DescribeExport", &shapes::kDescribeExport, Effect::kRead, Load::kItem, describe_export},
    {"ListExports", &shapes::kListExports, Effect::kRead, Load::kItem, list_exports},
    {"ImportTable", &shapes::kImportTable, Effect::kWrite, Load::kSettings, import_table},
    {"DescribeImport", &shapes::kDescribeImport, Effect::kRead, Load::kItem, describe_import},
    {"ListImports", &shapes::kListImports, Effect::kRead, Load::kItem, list_imports},
    {"StartBulkPutItems", &shapes::kStartBulkPut, Effect::kWrite, Load::kSettings, start_bulk_put_items},
    {"DescribeBulkOperation", &shapes::kOneBulkOperation, Effect::kRead, Load::kItem, describe_bulk_operation},
    {"CancelBulkOperation", &shapes::kOneBulkOperation, Effect::kWrite, Load::kSettings, cancel_bulk_operation},
    {"ListBulkOperations", &shapes::kListBulkOperations, Effect::kRead, Load::kItem, list_bulk_operations},
    // Replicas.
    {"CreateGlobalTable", &shapes::kCreateGlobalTable, Effect::kWrite, Load::kItem, create_global_table},
    {"DescribeGlobalTable", &shapes::kOneGlobalTable, Effect::kRead, Load::kItem, describe_global_table},
    {"DescribeGlobalTableSettings", &shapes::kOneGlobalTable, Effect::kRead, Load::kItem,
     describe_global_table_settings},
    {"ListGlobalTables", &shapes::kListGlobalTables, Effect::kRead, Load::kItem, list_global_tables},
    {"UpdateGlobalTable", &shapes::kUpdateGlobalTable, Effect::kWrite, Load::kItem, update_global_table},
    {"UpdateGlobalTableSettings", &shapes::kUpdateGlobalTableSettings, Effect::kWrite, Load::kItem,
     update_global_table_settings},
    {"DescribeTableReplicaAutoScaling", &shapes::kOneTable, Effect::kRead, Load::kItem,
     describe_table_replica_auto_scaling},
    {"UpdateTableReplicaAutoScaling", &shapes::kUpdateAutoScaling, Effect::kWrite, Load::kSettings,
     update_table_replica_auto_scaling},
    // Kinesis destinations, contributor insights, resource policies.
    {"EnableKinesisStreamingDestination", &shapes::kKinesisDestination, Effect::kWrite, Load::kSettings,
     enable_kinesis_streaming_destination},
    {"DisableKinesisStreamingDestination", &shapes::kDisableKinesisDestination, Effect::kWrite, Load::kSettings,
     disable_kinesis_streaming_destination},
    {"UpdateKinesisStreamingDestination", &shapes::kUpdateKinesisDestination, Effect::kWrite, Load::kSettings,
     update_kinesis_streaming_destination},
    {"DescribeKinesisStreamingDestination", &shapes::kOneTable, Effect::kRead, Load::kItem,
     describe_kinesis_streaming_destination},
    {"DescribeContributorInsights", &shapes::kDescribeInsights, Effect::kRead, Load::kItem,
     describe_contributor_insights},
    {"UpdateContributorInsights", &shapes::kUpdateInsights, Effect::kWrite, Load::kSettings,
     update_contributor_insights},
    {"ListContributorInsights", &shapes::kListInsights, Effect::kRead, Load::kItem, list_contributor_insights},
    {"GetResourcePolicy", &shapes::kGetPolicy, Effect::kRead, Load::kItem, get_resource_policy},
    {"PutResourcePolicy", &shapes::kPutPolicy, Effect::kWrite, Load::kSettings, put_resource_policy},
    {"DeleteResourcePolicy", &shapes::kDeletePolicy, Effect::kWrite, Load::kSettings, delete_resource_policy},
    // DynamoDB Streams, with a separate target.
    {"DescribeStream", &shapes::kDescribeStream, Effect::kRead, Load::kItem, describe_stream, {.of_streams = true}},
    {"GetRecords", &shapes::kGetRecords, Effect::kRead, Load::kPage, get_records, {.of_streams = true}},
    {"GetShardIterator",
     &shapes::kGetShardIterator,
     Effect::kRead,
     Load::kItem,
     get_shard_iterator,
     {.of_streams = true}},
    {"ListStreams", &shapes::kListStreams, Effect::kRead, Load::kItem, list_streams, {.of_streams = true}},
};

using OperationIndex = shapes::NameIndex<shapes::FullHash, 1024>;
inline constexpr OperationIndex kOperationIndex =
    shapes::make_index<OperationIndex, Operation>(std::span<const Operation>(kOperations));

/// The operation with that name, or null.
constexpr const Operation* find_operation(std::string_view name) {
  const std::uint8_t at = kOperationIndex.find(name);
  return at != OperationIndex::kEmpty && kOperations[at].name == name ? &kOperations[at] : nullptr;
}

}  // namespace stator::api
