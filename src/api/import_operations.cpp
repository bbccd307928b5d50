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
#include "api/table_request.h"
#include "api/throughput.h"
#include "core/api_error.h"
#include "engine/import/imports.h"

/// ImportTable, DescribeImport, ListImports. Source of the less obvious rules: the AWS controller for Kubernetes'
/// measurements, October 2026, and ScyllaDB Alternator's tests of that time, which are run against the service.
namespace stator::api {
namespace {

using engine::Compression;
using engine::ImportInfo;
using engine::ImportStatus;
using engine::InputFormat;

[[noreturn]] void refuse(const std::string& why) { core::throw_validation("Invalid Request: " + why); }

std::string_view status_name(ImportStatus status) {
  switch (status) {
    case ImportStatus::kInProgress:
      return "IN_PROGRESS";
    case ImportStatus::kCompleted:
      return "COMPLETED";
    case ImportStatus::kFailed:
      break;
  }
  return "FAILED";
}

std::string_view format_name(InputFormat format) {
  switch (format) {
    case InputFormat::kDynamoDbJson:
      return "DYNAMODB_JSON";
    case InputFormat::kIon:
      return "ION";
    case InputFormat::kCsv:
      break;
  }
  return "CSV";
}

std::string_view compression_name(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return "NONE";
    case Compression::kGzip:
      return "GZIP";
    case Compression::kZstd:
      break;
  }
  return "ZSTD";
}

void read_source(Call& call, ImportInfo& info) {
  const Members& request = call.request;
  const Members bucket(request.required_object("S3BucketSource"));
  info.source.bucket = bucket.required_text("S3Bucket");
  info.source.bucket_owner = bucket.text("S3BucketOwner").value_or(call.context.account_id);
  info.source.prefix = bucket.text("S3KeyPrefix").value_or(std::string_view{});
  info.prefix_given = bucket.has("S3KeyPrefix");
  const std::string_view format = request.required_text("InputFormat");
  info.source.format = format == "ION"   ? InputFormat::kIon
                       : format == "CSV" ? InputFormat::kCsv
                                         : InputFormat::kDynamoDbJson;
  info.source.compression = read_compression(request);
}

void read_options(const Members& request, ImportInfo& info) {
  const auto options = request.object("InputFormatOptions");
  if (!options) return;
  info.options_json = known_members(*options, shapes::kInputFormatOptions);
  const auto csv = Members(*options).object("Csv");
  if (!csv) return;
  if (info.source.format != InputFormat::kCsv) {
    refuse("Unsupported InputFormatOptions for the given input format: " +
           std::string(format_name(info.source.format)) + ".");
  }
  const Members members(*csv);
  info.source.delimiter = members.text("Delimiter").value_or(",");
  const auto header = members.array("HeaderList");
  if (!header) return;
  for (const auto name : *header) info.source.header.emplace_back(std::string_view(name.get_string()));
}

/// Reads the table that TableCreationParameters describe, under the rules of CreateTable.
engine::Table read_new_table(Call& call, ImportInfo& info) {
  // Drops other members of CreateTable without checking them.
  info.creation_json = known_members(call.request.required_object("TableCreationParameters"), shapes::kTableCreation);
  json::Parser parser;
  const Members creation(parser.parse(info.creation_json).get_object());
  check_no_warm_indexes(creation, "GlobalSecondaryIndexes", "ImportTable");
  Call inner{call.context, call.operation, creation, call.reply, call.very_deep};
  return read_table(inner);
}

void write_bucket(ObjectWriter& writer, const ImportInfo& info) {
  ObjectWriter bucket(writer.key("S3BucketSource"));
  bucket.text("S3BucketOwner", info.source.bucket_owner);
  bucket.text("S3Bucket", info.source.bucket);
  if (info.prefix_given) bucket.text("S3KeyPrefix", info.source.prefix);
  bucket.end();
}

void answer(Call& call, const ImportInfo& info) {
  ObjectWriter reply(call.reply);
  ObjectWriter writer(reply.key("ImportTableDescription"));
  writer.text("ImportArn", info.arn);
  writer.text("ImportStatus", status_name(info.status));
  writer.text("TableArn", info.table_arn);
  writer.text("TableId", info.table_id);
  writer.text("ClientToken", info.client_token);
  write_bucket(writer, info);
  // The counts are shown only at the end.
  const bool ended = info.ended_ms != 0;
  const auto write_count = [&](std::string_view name, std::uint64_t count) {
    writer.integer(name, ended ? static_cast<std::int64_t>(count) : 0);
  };
  write_count("ErrorCount", info.progress.errors);
  writer.text("CloudWatchLogGroupArn", info.log_group_arn);
  writer.text("InputFormat", format_name(info.source.format));
  if (!info.options_json.empty()) writer.key("InputFormatOptions") += info.options_json;
  writer.text("InputCompressionType", compression_name(info.source.compression));
  writer.key("TableCreationParameters") += info.creation_json;
  writer.time("StartTime", info.started_ms);
  if (ended) writer.time("EndTime", info.ended_ms);
  if (ended) writer.integer("ProcessedSizeBytes", static_cast<std::int64_t>(info.progress.bytes()));
  write_count("ProcessedItemCount", info.progress.processed);
  write_count("ImportedItemCount", info.progress.imported);
  if (!info.failure_code.empty()) writer.text("FailureCode", info.failure_code);
  if (!info.failure_message.empty()) writer.text("FailureMessage", info.failure_message);
  writer.end();
  reply.end();
}

/// Returns the ID of an ARN "…/import/ID".
std::string_view read_import_arn(Call& call, std::string_view arn) {
  const TableArn parts = parse_arn(arn);
  const std::optional<TablePart> part = read_table_part(parts.resource, "/import/");
  constexpr std::size_t kShortestName = 3;
  if (!arn.starts_with("arn:") || parts.service != "dynamodb" || !part || part->table.size() < kShortestName) {
    core::throw_validation("Invalid Import ARN");
  }
  if (parts.account != call.context.account_id) {
    throw_access_denied();
  }
  if (!is_own_region(call.context, parts.region)) {
    throw core::ApiError("ImportNotFoundException", "Import not found: Invalid import arn");
  }
  return part->id;
}

/// The NextToken after this import: 112 hexadecimal digits, as in the service.
std::string token_of(std::string_view id) { return page_token(id, 56); }

}  // namespace

void import_table(Call& call) {
  ImportInfo info;
  read_source(call, info);
  read_options(call.request, info);
  engine::Table table = read_new_table(call, info);
  info.client_token = call.request.required_text("ClientToken");
  info.table_arn = table_arn(call.context, table.name);
  info.arn = info.table_arn + "/import/";
  info.log_group_arn =
      "arn:aws:logs:" + call.context.region + ":" + call.context.account_id + ":log-group:/aws-dynamodb/imports:*";
  answer(call, *call.engine().imports().start(std::move(info), std::move(table)));
}

void describe_import(Call& call) {
  const std::string_view arn = call.request.required_text("ImportArn");
  const engine::ImportPtr info = call.engine().imports().find(read_import_arn(call, arn));
  if (info == nullptr) {
    throw core::ApiError("ImportNotFoundException", "Import not found: Import not found: " + std::string(arn));
  }
  answer(call, *info);
}

void list_imports(Call& call) {
  constexpr std::int64_t kImportsOnAPage = 10;
  const auto limit = static_cast<std::size_t>(call.request.integer("PageSize").value_or(kImportsOnAPage));
  // The imports of a table remain when it is deleted.
  const auto arn = call.request.text("TableArn");
  const auto is_listed = [&](const ImportInfo& info) {
    return !arn || info.table_arn == table_arn(call.context, table_name_from(*arn));
  };
  const auto write = [](ObjectWriter& summary, const ImportInfo& info) {
    summary.text("ImportArn", info.arn);
    summary.text("ImportStatus", status_name(info.status));
    summary.text("TableArn", info.table_arn);
    write_bucket(summary, info);
    summary.text("CloudWatchLogGroupArn", info.log_group_arn);
    summary.text("InputFormat", format_name(info.source.format));
    summary.time("StartTime", info.started_ms);
    if (info.ended_ms != 0) summary.time("EndTime", info.ended_ms);
  };
  write_page(call, "ImportSummaryList", call.engine().imports().list(), limit, token_of, is_listed, write);
}

}  // namespace stator::api
