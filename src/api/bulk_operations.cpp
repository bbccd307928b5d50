#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "api/bucket_input.h"
#include "api/call.h"
#include "api/known_members.h"
#include "api/operations.h"
#include "api/regions.h"
#include "api/reply.h"
#include "api/resource_arn.h"
#include "api/shapes/management.h"
#include "core/api_error.h"
#include "core/random.h"
#include "engine/import/bulk_puts.h"
#include "engine/table_changes.h"

/// StartBulkPutItems, DescribeBulkOperation, CancelBulkOperation, ListBulkOperations. Source: API reference, October
/// 2026.
namespace stator::api {
namespace {

using engine::BulkPutInfo;
using engine::BulkPutStatus;
using engine::InputFormat;

std::string_view status_name(BulkPutStatus status) {
  switch (status) {
    case BulkPutStatus::kInProgress:
      return "IN_PROGRESS";
    case BulkPutStatus::kCompleted:
      return "COMPLETED";
    case BulkPutStatus::kCompletedWithErrors:
      return "COMPLETED_WITH_ERRORS";
    case BulkPutStatus::kCancelling:
      return "CANCELLING";
    case BulkPutStatus::kCancelled:
      return "CANCELLED";
    case BulkPutStatus::kFailed:
      break;
  }
  return "FAILED";
}

void read_input(Call& call, BulkPutInfo& info) {
  const json::Object object = call.request.required_object("InputS3Configuration");
  const Members input(object);
  info.input_json = known_members(object, shapes::kInputBucket);
  info.source.bucket = input.required_text("S3Bucket");
  info.source.bucket_owner = input.text("S3BucketOwner").value_or(call.context.account_id);
  info.source.prefix = input.text("S3KeyPrefix").value_or(std::string_view{});
  info.source.format = input.required_text("InputFormat") == "ION" ? InputFormat::kIon : InputFormat::kDynamoDbJson;
  info.source.compression = read_compression(input);
}

void read_output(Call& call, BulkPutInfo& info) {
  const json::Object object = call.request.required_object("OutputS3Configuration");
  const Members output(object);
  info.output_json = known_members(object, shapes::kOutputBucket);
  const auto bucket = output.text("S3Bucket");
  if (!bucket) core::throw_invalid_parameters("S3Bucket is required in OutputS3Configuration");
  info.output.bucket = *bucket;
  info.output.bucket_owner = output.text("S3BucketOwner").value_or(call.context.account_id);
  info.output.prefix = output.text("S3KeyPrefix").value_or(std::string_view{});
  info.output.encryption = read_bucket_encryption(output);
  for (const auto type : output.required_array("OutputType")) {
    const std::string_view name = type.get_string();
    (name == "ERROR" ? info.output.errors : info.output.condition_failures) = true;
  }
}

void write_index_bytes(ObjectWriter& usage, std::string_view name, std::string_view member,
                       const std::map<std::string, std::uint64_t>& bytes) {
  if (bytes.empty()) return;
  ObjectWriter indexes(usage.key(name));
  for (const auto& [index, sum] : bytes) {
    ObjectWriter entry(indexes.key(index));
    entry.integer(member, static_cast<std::int64_t>(sum));
    entry.end();
  }
  indexes.end();
}

void append_usage(const BulkPutInfo& info, std::string& out) {
  std::uint64_t all_bytes = info.put_bytes;
  for (const auto* bytes : {&info.local_bytes, &info.global_bytes}) {
    for (const auto& [index, sum] : *bytes) all_bytes += sum;
  }
  ArrayWriter list(out);
  ObjectWriter usage(list.element());
  usage.text("TableName", info.table_arn);
  usage.integer("BulkPutBytes", static_cast<std::int64_t>(all_bytes));
  ObjectWriter table(usage.key("Table"));
  table.integer("BulkPutBytes", static_cast<std::int64_t>(info.put_bytes));
  table.end();
  write_index_bytes(usage, "LocalSecondaryIndexes", "BulkPutBytes", info.local_bytes);
  write_index_bytes(usage, "GlobalSecondaryIndexes", "BulkPutBytes", info.global_bytes);
  write_index_bytes(usage, "VectorIndexes", "BulkPutVectorBytes", info.vector_bytes);
  usage.end();
  list.end();
}

void answer(Call& call, const BulkPutInfo& info) {
  ObjectWriter reply(call.reply);
  ObjectWriter writer(reply.key("BulkOperationDescription"));
  writer.text("BulkOperationArn", info.arn);
  writer.text("BulkOperationStatus", status_name(info.status));
  ArrayWriter tables(writer.key("TableDetails"));
  ObjectWriter table(tables.element());
  table.text("TableName", info.table_name);
  table.text("TableId", info.table_id);
  table.end();
  tables.end();
  writer.text("ClientToken", info.client_token);
  writer.key("InputS3Configuration") += info.input_json;
  writer.key("OutputS3Configuration") += info.output_json;
  writer.time("StartTime", info.started_ms);
  if (info.ended_ms != 0) writer.time("EndTime", info.ended_ms);
  writer.integer("ProcessedItemCount", static_cast<std::int64_t>(info.progress.processed));
  writer.integer("ProcessedInputBytes", static_cast<std::int64_t>(info.read_bytes));
  // Absent until it is known, which it is when all of it was read.
  if (info.total_bytes != 0 || info.progress.read_all)
    writer.integer("TotalInputBytes", static_cast<std::int64_t>(info.total_bytes));
  append_usage(info, writer.key("BulkOperationUsage"));
  writer.integer("FailedItemCount", static_cast<std::int64_t>(info.progress.errors));
  if (!info.failure_code.empty()) writer.text("FailureCode", info.failure_code);
  if (!info.failure_message.empty()) writer.text("FailureMessage", info.failure_message);
  if (info.max_write_units != 0) writer.integer("MaxWriteRequestUnits", info.max_write_units);
  writer.text("PerformanceTier", info.performance_tier);
  writer.end();
  reply.end();
}

/// Returns the ID of an ARN "…:table/NAME/bulk-operation/ID".
std::string_view read_arn(Call& call, std::string_view arn) {
  const TableArn parts = parse_arn(arn);
  const std::optional<TablePart> part = read_table_part(parts.resource, "/bulk-operation/");
  if (!arn.starts_with("arn:") || parts.service != "dynamodb" || !part) {
    core::throw_validation("Invalid Bulk Operation ARN");
  }
  if (parts.account != call.context.account_id) {
    throw_access_denied();
  }
  return is_own_region(call.context, parts.region) ? part->id : std::string_view();
}

[[noreturn]] void throw_unknown(std::string_view arn) {
  core::throw_resource_not_found("Requested resource not found: Bulk operation: " + std::string(arn) + " not found");
}

/// Throws if the table's state does not allow bulk puts. Source: Developer Guide, "Bulk put items considerations".
void check_takes_bulk_puts(const engine::Table& table) {
  engine::refuse_while_creating_or_deleting(table);
  if (!table.replicas.empty()) {
    core::throw_validation("Bulk put items is not supported for global tables. Table: " + table.name);
  }
  for (const engine::Index& index : table.indexes) {
    if (index.global && index.status == engine::TableStatus::kCreating) {
      engine::throw_still_in_use("Index is being created. Table: " + table.name + " Index: " + index.name);
    }
  }
}

/// The NextToken after this operation: 48 hexadecimal digits; the service has a multiple of sixteen.
std::string token_of(std::string_view id) { return page_token(id, 24); }

}  // namespace

void start_bulk_put_items(Call& call) {
  BulkPutInfo info;
  read_input(call, info);
  read_output(call, info);
  info.max_write_units = call.request.integer("MaxWriteRequestUnits").value_or(0);
  info.performance_tier = call.request.text("PerformanceTier").value_or("STANDARD");
  const std::string name(table_name(call.request));
  info.canonical_text = name + "\n" + info.input_json + "\n" + info.output_json + "\n" +
                        std::to_string(info.max_write_units) + "\n" + info.performance_tier;
  info.client_token = call.request.text("ClientToken").value_or(std::string_view{});
  if (info.client_token.empty()) info.client_token = core::random_uuid();
  info.table_name = name;
  info.table_arn = table_arn(call.context, name);
  info.arn = info.table_arn + "/bulk-operation/";
  const auto check = [&](const engine::TablePtr& table) { check_takes_bulk_puts(*view_of(call, table)); };
  answer(call, *call.engine().bulk_puts().start(std::move(info), check));
}

void describe_bulk_operation(Call& call) {
  const std::string_view arn = call.request.required_text("BulkOperationArn");
  const engine::BulkPutPtr info = call.engine().bulk_puts().find(read_arn(call, arn));
  if (info == nullptr) throw_unknown(arn);
  answer(call, *info);
}

void cancel_bulk_operation(Call& call) {
  const std::string_view arn = call.request.required_text("BulkOperationArn");
  const engine::BulkPutPtr info = call.engine().bulk_puts().cancel(read_arn(call, arn));
  if (info == nullptr) throw_unknown(arn);
  ObjectWriter reply(call.reply);
  reply.text("BulkOperationArn", info->arn);
  reply.text("BulkOperationStatus", status_name(info->status));
  reply.end();
}

void list_bulk_operations(Call& call) {
  constexpr std::int64_t kOnAPage = 10;
  constexpr std::int64_t kListedMs = std::int64_t{90} * 24 * 3600 * 1000;
  const auto limit = static_cast<std::size_t>(call.request.integer("MaxResults").value_or(kOnAPage));
  const std::int64_t since_ms = call.engine().clock().now_ms() - kListedMs;
  const auto is_listed = [since_ms](const BulkPutInfo& info) { return info.started_ms >= since_ms; };
  const auto write = [](ObjectWriter& summary, const BulkPutInfo& info) {
    summary.text("BulkOperationArn", info.arn);
    summary.text("BulkOperationStatus", status_name(info.status));
    summary.time("StartTime", info.started_ms);
    if (info.ended_ms != 0) summary.time("EndTime", info.ended_ms);
  };
  write_page(call, "BulkOperationsSummaryList", call.engine().bulk_puts().list(), limit, token_of, is_listed, write);
}

}  // namespace stator::api
