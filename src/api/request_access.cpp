#include "api/request_access.h"

#include <algorithm>
#include <array>

#include "api/call.h"
#include "api/shapes/operations.h"

namespace stator::api {
namespace {

using shapes::Kind;
using shapes::Rule;
using shapes::Shape;

/// Sorted by name. Statements are writes, whatever they say, until somebody reads their text here.
constexpr std::array kAccess = {
    OperationAccess{"BatchExecuteStatement", Effect::kWrite},
    OperationAccess{"BatchGetItem", Effect::kRead},
    OperationAccess{"BatchWriteItem", Effect::kWrite},
    OperationAccess{"CancelBulkOperation", Effect::kWrite},
    OperationAccess{"CreateBackup", Effect::kWrite},
    OperationAccess{"CreateGlobalTable", Effect::kWrite},
    OperationAccess{"CreateTable", Effect::kWrite},
    OperationAccess{"DeleteBackup", Effect::kWrite},
    OperationAccess{"DeleteItem", Effect::kWrite},
    OperationAccess{"DeleteResourcePolicy", Effect::kWrite},
    OperationAccess{"DeleteTable", Effect::kWrite},
    OperationAccess{"DescribeBackup", Effect::kRead},
    OperationAccess{"DescribeBulkOperation", Effect::kRead},
    OperationAccess{"DescribeContinuousBackups", Effect::kRead},
    OperationAccess{"DescribeContributorInsights", Effect::kRead},
    OperationAccess{"DescribeEndpoints", Effect::kRead, WithoutTable::kNothing},
    OperationAccess{"DescribeExport", Effect::kRead},
    OperationAccess{"DescribeGlobalTable", Effect::kRead},
    OperationAccess{"DescribeGlobalTableSettings", Effect::kRead},
    OperationAccess{"DescribeImport", Effect::kRead},
    OperationAccess{"DescribeKinesisStreamingDestination", Effect::kRead},
    OperationAccess{"DescribeLimits", Effect::kRead, WithoutTable::kNothing},
    OperationAccess{"DescribeStream", Effect::kRead},
    OperationAccess{"DescribeTable", Effect::kRead},
    OperationAccess{"DescribeTableReplicaAutoScaling", Effect::kRead},
    OperationAccess{"DescribeTimeToLive", Effect::kRead},
    OperationAccess{"DisableKinesisStreamingDestination", Effect::kWrite},
    OperationAccess{"EnableKinesisStreamingDestination", Effect::kWrite},
    OperationAccess{"ExecuteStatement", Effect::kWrite},
    OperationAccess{"ExecuteTransaction", Effect::kWrite},
    OperationAccess{"ExportTableToPointInTime", Effect::kWrite},
    OperationAccess{"GetItem", Effect::kRead},
    OperationAccess{"GetRecords", Effect::kRead},
    OperationAccess{"GetResourcePolicy", Effect::kRead},
    OperationAccess{"GetShardIterator", Effect::kRead},
    OperationAccess{"ImportTable", Effect::kWrite},
    OperationAccess{"ListBackups", Effect::kRead},
    OperationAccess{"ListBulkOperations", Effect::kRead},
    OperationAccess{"ListContributorInsights", Effect::kRead},
    OperationAccess{"ListExports", Effect::kRead},
    OperationAccess{"ListGlobalTables", Effect::kRead},
    OperationAccess{"ListImports", Effect::kRead},
    OperationAccess{"ListStreams", Effect::kRead},
    OperationAccess{"ListTables", Effect::kRead},
    OperationAccess{"ListTagsOfResource", Effect::kRead},
    OperationAccess{"PutItem", Effect::kWrite},
    OperationAccess{"PutResourcePolicy", Effect::kWrite},
    OperationAccess{"Query", Effect::kRead},
    OperationAccess{"RestoreTableFromBackup", Effect::kWrite},
    OperationAccess{"RestoreTableToPointInTime", Effect::kWrite},
    OperationAccess{"Scan", Effect::kRead},
    OperationAccess{"SearchVectors", Effect::kRead},
    OperationAccess{"StartBulkPutItems", Effect::kWrite},
    OperationAccess{"TagResource", Effect::kWrite},
    OperationAccess{"TransactGetItems", Effect::kRead},
    OperationAccess{"TransactWriteItems", Effect::kWrite},
    OperationAccess{"UntagResource", Effect::kWrite},
    OperationAccess{"UpdateContinuousBackups", Effect::kWrite},
    OperationAccess{"UpdateContributorInsights", Effect::kWrite},
    OperationAccess{"UpdateGlobalTable", Effect::kWrite},
    OperationAccess{"UpdateGlobalTableSettings", Effect::kWrite},
    OperationAccess{"UpdateItem", Effect::kWrite},
    OperationAccess{"UpdateKinesisStreamingDestination", Effect::kWrite},
    OperationAccess{"UpdateTable", Effect::kWrite},
    OperationAccess{"UpdateTableReplicaAutoScaling", Effect::kWrite},
    OperationAccess{"UpdateTimeToLive", Effect::kWrite},
};
static_assert(std::ranges::is_sorted(kAccess, {}, &OperationAccess::name));

using Visit = std::function<void(std::string_view)>;

bool names_table(const Shape& shape) {
  return shape.rule == Rule::kTable || shape.rule == Rule::kItemTable || shape.rule == Rule::kTargetTable;
}

/// Tables, indexes, streams, backups, exports and imports have ARNs with ":table/NAME" in them.
void visit_arn(const json::Value& value, const Visit& visit) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return;
  const std::string_view table = table_name_from(text);
  if (table != text) visit(table);
}

void visit_tables(const Shape& shape, const json::Value& value, const Visit& visit) {
  std::string_view text;
  json::Object object;
  json::Array array;
  switch (shape.kind) {
    case Kind::kString:
      if (names_table(shape) && value.get(text) == simdjson::SUCCESS) visit(table_name_from(text));
      return;
    case Kind::kList:
      if (value.get(array) != simdjson::SUCCESS) return;
      for (const json::Value element : array) visit_tables(*shape.element, element, visit);
      return;
    case Kind::kMap:
      if (value.get(object) != simdjson::SUCCESS) return;
      for (const auto& [key, element] : object) {
        if (shape.key != nullptr && names_table(*shape.key)) visit(table_name_from(key));
        visit_tables(*shape.element, element, visit);
      }
      return;
    case Kind::kStructure:
      if (value.get(object) != simdjson::SUCCESS) return;
      for (const auto& [key, element] : object) {
        const std::string_view name = key;
        const auto found = std::ranges::find(shape.members, name, &shapes::Member::name);
        if (found == shape.members.end()) continue;
        if (name.ends_with("Arn")) visit_arn(element, visit);
        visit_tables(*found->shape, element, visit);
      }
      return;
    default:
      return;
  }
}

}  // namespace

const OperationAccess* find_operation_access(std::string_view operation) {
  const auto found = std::ranges::lower_bound(kAccess, operation, {}, &OperationAccess::name);
  return found != kAccess.end() && found->name == operation ? &*found : nullptr;
}

void for_each_table(std::string_view operation, const json::Value& request, const Visit& visit) {
  const shapes::Operation* const known = shapes::find_operation(operation);
  if (known != nullptr) visit_tables(*known->input, request, visit);
}

}  // namespace stator::api
