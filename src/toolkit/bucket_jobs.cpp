#include "toolkit/bucket_jobs.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "core/json_string.h"
#include "core/random.h"
#include "json/object_writer.h"
#include "json/reader.h"
#include "toolkit/table_info.h"
#include "toolkit/word_error.h"

namespace stator::toolkit {
namespace {

constexpr std::chrono::milliseconds kFirstWait{10};
constexpr std::chrono::milliseconds kLongestWait{2000};

/// Polls the description until its status is final. Calls `see` with each description.
template <class See>
void wait_for_end(endpoint::Endpoint& endpoint, std::string_view operation, std::string_view description,
                  const std::string& request, const Sleep& sleep, See see) {
  for (std::chrono::milliseconds wait = kFirstWait;; wait = std::min(2 * wait, kLongestWait)) {
    const std::string reply = call_patiently(endpoint, operation, request, sleep);
    json::Parser parser;
    if (see(member_of(parser.parse(reply), description))) return;
    sleep(wait);
  }
}

std::string creation_parameters(const TableImport& import) {
  std::string text;
  json::ObjectWriter creation(text);
  creation.text("TableName", import.table);
  if (!import.creation_json.empty()) {
    json::Parser parser;
    json::Object object;
    try {
      if (parser.parse(import.creation_json).get(object) != simdjson::SUCCESS) {
        throw std::runtime_error("the table's description is not a JSON object");
      }
    } catch (const core::ApiError&) {
      throw std::runtime_error("the table's description is not JSON");
    }
    for (const auto given : object) {
      if (given.key != "TableName") creation.member(given.key) += simdjson::minify(given.value);
    }
    creation.end();
    return text;
  }
  json::ArrayWriter definitions(creation.key("AttributeDefinitions"));
  for (const KeyWord& key : import.keys) {
    json::ObjectWriter definition(definitions.element());
    definition.text("AttributeName", key.name);
    definition.text("AttributeType", key.type);
    definition.end();
  }
  definitions.end();
  json::ArrayWriter schema(creation.key("KeySchema"));
  for (std::size_t i = 0; i < import.keys.size(); ++i) {
    json::ObjectWriter element(schema.element());
    element.text("AttributeName", import.keys[i].name);
    element.text("KeyType", i == 0 ? "HASH" : "RANGE");
    element.end();
  }
  schema.end();
  creation.text("BillingMode", "PAY_PER_REQUEST");
  creation.end();
  return text;
}

std::string csv_options(const TableImport& import) {
  std::string text;
  json::ObjectWriter options(text);
  json::ObjectWriter csv(options.key("Csv"));
  if (!import.delimiter.empty()) csv.text("Delimiter", import.delimiter);
  if (!import.header.empty()) {
    json::ArrayWriter names(csv.key("HeaderList"));
    for (const std::string& name : import.header) core::append_json_string(name, names.element());
    names.end();
  }
  csv.end();
  options.end();
  return text;
}

std::string source_bucket(const TableImport& import) {
  RequestBuilder bucket;
  bucket.text("S3Bucket", import.bucket);
  if (!import.prefix.empty()) bucket.text("S3KeyPrefix", import.prefix);
  return bucket.str();
}

ImportOutcome read_import(const json::Value& description) {
  ImportOutcome outcome;
  outcome.arn = text_of(description, "ImportArn");
  outcome.status = text_of(description, "ImportStatus");
  outcome.processed = number_of(description, "ProcessedItemCount");
  outcome.imported = number_of(description, "ImportedItemCount");
  outcome.errors = number_of(description, "ErrorCount");
  outcome.failure_code = text_of(description, "FailureCode");
  outcome.failure_message = text_of(description, "FailureMessage");
  outcome.json = simdjson::minify(description);
  return outcome;
}

ExportOutcome read_export(const json::Value& description) {
  ExportOutcome outcome;
  outcome.arn = text_of(description, "ExportArn");
  outcome.status = text_of(description, "ExportStatus");
  outcome.items = number_of(description, "ItemCount");
  outcome.manifest_key = text_of(description, "ExportManifest");
  outcome.failure_code = text_of(description, "FailureCode");
  outcome.failure_message = text_of(description, "FailureMessage");
  outcome.json = simdjson::minify(description);
  return outcome;
}

}  // namespace

ImportOutcome import_table(endpoint::Endpoint& endpoint, const TableImport& import, const ItemProgress& progress,
                           const Sleep& sleep) {
  RequestBuilder request;
  request.text("ClientToken", core::random_uuid());
  request.json("S3BucketSource", source_bucket(import));
  request.text("InputFormat", import.format);
  if (!import.delimiter.empty() || !import.header.empty()) request.json("InputFormatOptions", csv_options(import));
  request.text("InputCompressionType", import.compression);
  request.json("TableCreationParameters", creation_parameters(import));
  json::Parser parser;
  const std::string begun = call(endpoint, "ImportTable", request.str());
  const std::string arn = text_of(member_of(parser.parse(begun), "ImportTableDescription"), "ImportArn");
  ImportOutcome outcome;
  wait_for_end(endpoint, "DescribeImport", "ImportTableDescription", RequestBuilder().text("ImportArn", arn).str(),
               sleep, [&](const json::Value& description) {
                 outcome = read_import(description);
                 progress(outcome.processed);
                 return outcome.status != "IN_PROGRESS" && outcome.status != "CANCELLING";
               });
  return outcome;
}

ExportOutcome export_table(endpoint::Endpoint& endpoint, const TableExport& wanted, const Sleep& sleep) {
  const TableInfo table = describe_table(endpoint, wanted.table);
  json::Parser parser;
  const std::string table_arn = text_of(parser.parse(table.description_json), "TableArn");
  RequestBuilder request;
  request.text("TableArn", table_arn);
  request.text("S3Bucket", wanted.bucket);
  if (!wanted.prefix.empty()) request.text("S3Prefix", wanted.prefix);
  request.text("ExportFormat", wanted.format);
  if (wanted.at > 0) request.json("ExportTime", seconds_text(wanted.at));
  if (wanted.from > 0) {
    request.text("ExportType", "INCREMENTAL_EXPORT");
    RequestBuilder period;
    period.json("ExportFromTime", seconds_text(wanted.from));
    if (wanted.to > 0) period.json("ExportToTime", seconds_text(wanted.to));
    request.json("IncrementalExportSpecification", period.str());
  }
  const std::string begun = call(endpoint, "ExportTableToPointInTime", request.str());
  const std::string arn = text_of(member_of(parser.parse(begun), "ExportDescription"), "ExportArn");
  ExportOutcome outcome;
  wait_for_end(endpoint, "DescribeExport", "ExportDescription", RequestBuilder().text("ExportArn", arn).str(), sleep,
               [&](const json::Value& description) {
                 outcome = read_export(description);
                 return outcome.status != "IN_PROGRESS";
               });
  return outcome;
}

}  // namespace stator::toolkit
