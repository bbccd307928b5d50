#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/bucket_input.h"
#include "api/call.h"
#include "api/known_members.h"
#include "api/operations.h"
#include "api/reply.h"
#include "api/resource_arn.h"
#include "api/shapes/management.h"
#include "api/time_text.h"
#include "core/api_error.h"
#include "core/random.h"
#include "engine/backup/backups.h"
#include "engine/export/export_filter.h"
#include "engine/export/exports.h"
#include "engine/export/manifest.h"

/// ExportTableToPointInTime, DescribeExport, ListExports. Source of the surprising rules: the AWS controller for
/// Kubernetes' measurements, October 2026.
namespace stator::api {
namespace {

using engine::ExportInfo;
using engine::ExportStatus;

[[noreturn]] void refuse(const std::string& why) { core::throw_validation("Invalid Request: " + why); }
[[noreturn]] void refuse_time(const std::string& why) { throw core::ApiError("InvalidExportTimeException", why); }

std::string_view status_name(ExportStatus status) {
  switch (status) {
    case ExportStatus::kInProgress:
      return "IN_PROGRESS";
    case ExportStatus::kCompleted:
      return "COMPLETED";
    case ExportStatus::kFailed:
      break;
  }
  return "FAILED";
}

/// Finds the table that TableArn names.
engine::TablePtr find_exported(Call& call, std::string_view arn) {
  constexpr std::string_view kTable = "table/";
  if (arn.empty()) core::throw_validation("Invalid TableArn: Invalid Table ARN");
  const TableArn parts = parse_arn(arn);
  if (!arn.starts_with("arn:") || parts.service != "dynamodb" || !parts.resource.starts_with(kTable)) {
    core::throw_invalid_parameters("tableArn is not a valid ARN");
  }
  const std::string_view name = parts.resource.substr(kTable.size());
  if (name.find('/') != std::string_view::npos) refuse("Table ARN is invalid.");
  if (parts.account != call.context.account_id) {
    throw_access_denied();
  }
  engine::TablePtr table = is_own_region(call.context, parts.region) ? find_whole_table(call, name) : nullptr;
  if (table == nullptr || table->status == engine::TableStatus::kCreating) {
    engine::throw_no_table(arn);
  }
  return table;
}

/// Reads ExportType and the members that depend on it.
void read_type(const Members& request, ExportInfo& info) {
  const auto type = request.text("ExportType");
  info.type_given = type.has_value();
  info.incremental = type == "INCREMENTAL_EXPORT";
  const auto specification = request.object("IncrementalExportSpecification");
  if (specification && !type) {
    refuse("Export Type expected to be Incremental Export when incremental export specification is provided");
  }
  if (specification && !info.incremental) {
    refuse("When Export Type is Full Export , Incremental Export Specification should not be provided");
  }
  if (!info.incremental) return;
  if (!specification) {
    refuse("Incremental Export Specification expected when export type is set as Incremental Export");
  }
  const Members members(*specification);
  const auto from = members.time_ms("ExportFromTime");
  if (!from) refuse("ExportFromTime must be provided in IncrementalExportSpecification");
  info.from_ms = *from;
  info.to_ms = members.time_ms("ExportToTime").value_or(0);
  info.old_images = members.text("ExportViewType") != "NEW_IMAGE";
}

/// Throws if the period of an incremental export begins before `earliest_ms`.
void check_from(const ExportInfo& info, std::int64_t earliest_ms) {
  if (info.from_ms >= earliest_ms) return;
  refuse_time("Incremental export period from time cannot be less than the table creation time : " +
              time_text(info.from_ms));
}

void check_period(ExportInfo& info, const engine::Engine::RecoveryWindow& window) {
  constexpr std::int64_t kMinuteMs = 60'000;
  constexpr std::int64_t kLeastMs = 15 * kMinuteMs;
  constexpr std::int64_t kMostMs = 24 * 60 * kMinuteMs;
  if (info.to_ms == 0) info.to_ms = window.latest_ms;
  check_from(info, window.earliest_ms);
  if (info.to_ms > window.latest_ms) {
    refuse_time("Incremental export period to time cannot be greater than the current time : " + time_text(info.to_ms));
  }
  if (info.to_ms - info.from_ms < kLeastMs) {
    refuse_time("Difference between export period from time and export period to time is less than 15 minutes");
  }
  if (info.to_ms - info.from_ms > kMostMs) {
    refuse_time("Difference between export period from time and export period to time is greater than 24 hours");
  }
}

void check_times(Call& call, const engine::Table& table, ExportInfo& info) {
  if (info.incremental) check_from(info, table.created_ms);
  const auto window = call.engine().recovery_window(table);
  if (!window) engine::throw_no_recovery(table.name);
  if (info.incremental) return check_period(info, *window);
  const auto time = call.request.time_ms("ExportTime");
  info.time_ms = time.value_or(window->latest_ms);
  if (info.time_ms < window->earliest_ms || info.time_ms > window->latest_ms) refuse_time("Export Time is invalid");
}

void append_description(const ExportInfo& info, std::string& out) {
  ObjectWriter writer(out);
  const auto text = [&writer](std::string_view name, const std::string& value) {
    if (!value.empty()) writer.text(name, value);
  };
  writer.text("ExportArn", info.arn);
  writer.text("ExportStatus", status_name(info.status));
  writer.time("StartTime", info.started_ms);
  if (info.ended_ms != 0) writer.time("EndTime", info.ended_ms);
  text("ExportManifest", info.manifest_key);
  writer.text("TableArn", info.table_arn);
  writer.text("TableId", info.table_id);
  if (!info.incremental) writer.time("ExportTime", info.time_ms);
  writer.text("ClientToken", info.client_token);
  writer.text("S3Bucket", info.bucket);
  text("S3BucketOwner", info.bucket_owner);
  text("S3Prefix", info.prefix);
  writer.text("S3SseAlgorithm", info.shown_algorithm());
  text("S3SseKmsKeyId", info.encryption.kms_key);
  text("FailureCode", info.failure_code);
  text("FailureMessage", info.failure_message);
  writer.text("ExportFormat", engine::export_format_name(info.format));
  if (!info.filter_json.empty()) writer.key("FilterSpecification") += info.filter_json;
  writer.text("DestinationType", "S3");
  if (info.status == ExportStatus::kCompleted) {
    writer.integer("BilledSizeBytes", static_cast<std::int64_t>(info.billed_bytes));
    writer.integer("ItemCount", static_cast<std::int64_t>(info.items));
  }
  if (info.incremental) {
    writer.text("ExportType", "INCREMENTAL_EXPORT");
    ObjectWriter specification(writer.key("IncrementalExportSpecification"));
    specification.time("ExportFromTime", info.from_ms);
    specification.time("ExportToTime", info.to_ms);
    specification.text("ExportViewType", info.old_images ? "NEW_AND_OLD_IMAGES" : "NEW_IMAGE");
    specification.end();
  }
  writer.end();
}

void answer(Call& call, const ExportInfo& info) {
  ObjectWriter writer(call.reply);
  append_description(info, writer.key("ExportDescription"));
  writer.end();
}

/// Returns the id in an ARN "…/export/ID".
std::string_view read_export_arn(Call& call, std::string_view arn) {
  const TableArn parts = parse_arn(arn);
  const std::optional<TablePart> part = read_table_part(parts.resource, "/export/");
  if (!arn.starts_with("arn:") || parts.service != "dynamodb" || !part) {
    core::throw_validation("Invalid Export ARN");
  }
  if (parts.account != call.context.account_id) {
    throw_access_denied();
  }
  if (!is_own_region(call.context, parts.region)) {
    throw core::ApiError("ExportNotFoundException", "Export not found: Invalid export arn");
  }
  return part->id;
}

}  // namespace

void export_table_to_point_in_time(Call& call) {
  const Members& request = call.request;
  ExportInfo info;
  const std::string_view arn = request.required_text("TableArn");
  info.bucket = request.required_text("S3Bucket");
  info.bucket_owner = request.text("S3BucketOwner").value_or(std::string_view{});
  info.prefix = request.text("S3Prefix").value_or(std::string_view{});
  if (request.text("ExportFormat") == "ION") info.format = engine::ExportFormat::kIon;
  const auto filter = request.object("FilterSpecification");
  if (filter) info.filter_json = known_members(*filter, shapes::kExportFilter);
  if (info.filter_json == "{}") refuse("Invalid FilterSpecification: The specification can not be empty");
  info.encryption = read_bucket_encryption(request);
  read_type(request, info);
  const engine::TablePtr table = find_exported(call, arn);
  // A request repeated with the same token means the same export, even if its default times have changed.
  info.canonical_text =
      std::string(arn) + "\n" + info.bucket + "\n" + info.bucket_owner + "\n" + info.prefix + "\n" +
      std::string(info.shown_algorithm()) + "\n" + info.encryption.kms_key + "\n" +
      (info.incremental ? "incremental" : "full") + "\n" + std::to_string(request.time_ms("ExportTime").value_or(0)) +
      "\n" + std::to_string(info.from_ms) + "\n" + std::to_string(info.to_ms) + "\n" +
      (info.old_images ? "both" : "new") +
      // Appended only for Ion, so that the text for the format that existed first stays the same.
      (info.format == engine::ExportFormat::kIon ? "\nION" : "") + (filter ? "\n" + info.filter_json : "");
  info.client_token = request.text("ClientToken").value_or(std::string_view{});
  if (info.client_token.empty()) info.client_token = core::random_uuid();
  check_times(call, *table, info);
  if (filter) engine::ExportFilter(info.filter_json, table->key_schema);
  info.table_name = table->name;
  info.table_id = table->id;
  info.table_arn = table_arn(call.context, table->name);
  info.arn = info.table_arn + "/export/";
  info.space = table->space;
  info.log_space = table->recovery_space;
  answer(call, *call.engine().exports().start(std::move(info)));
}

void describe_export(Call& call) {
  const std::string_view arn = call.request.required_text("ExportArn");
  const engine::ExportPtr info = call.engine().exports().find(read_export_arn(call, arn));
  if (info == nullptr) {
    throw core::ApiError("ExportNotFoundException", "Export not found: Export not found: " + std::string(arn));
  }
  answer(call, *info);
}

void list_exports(Call& call) {
  constexpr std::int64_t kExportsOnAPage = 10;
  const auto limit = static_cast<std::size_t>(call.request.integer("MaxResults").value_or(kExportsOnAPage));
  const auto arn = call.request.text("TableArn");
  // Only the exports of the table that has this name at present are listed.
  const engine::TablePtr table = arn ? find_whole_table(call, table_name_from(*arn)) : nullptr;
  const auto token = call.request.text("NextToken");
  if (token && (token->size() != std::string_view("01791506414432-3f2e5aa4").size() ||
                token->find_first_not_of("0123456789abcdef-") != std::string_view::npos)) {
    refuse("Provided nextToken is invalid: " + std::string(*token));
  }
  ObjectWriter writer(call.reply);
  ArrayWriter list(writer.key("ExportSummaries"));
  std::size_t count = 0;
  std::string last;
  bool more = false;
  for (const engine::ExportPtr& info : call.engine().exports().list()) {
    if (arn && (table == nullptr || info->table_id != table->id)) continue;
    if (token && info->id >= *token) continue;
    more = count == limit;
    if (more) break;
    ++count;
    last = info->id;
    ObjectWriter summary(list.element());
    summary.text("ExportArn", info->arn);
    summary.text("ExportStatus", status_name(info->status));
    summary.text("ExportType", info->incremental ? "INCREMENTAL_EXPORT" : "FULL_EXPORT");
    summary.end();
  }
  list.end();
  if (more) writer.text("NextToken", last);
  writer.end();
}

}  // namespace stator::api
