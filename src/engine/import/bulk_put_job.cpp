#include "engine/import/bulk_put_job.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "core/api_error.h"
#include "core/damage_error.h"
#include "core/vector_limits.h"
#include "engine/export/data_file.h"
#include "engine/import/item_check.h"
#include "engine/index_entry.h"
#include "expression/expression.h"
#include "json/object_writer.h"
#include "json/reader.h"

namespace stator::engine {
namespace {

constexpr std::size_t kChunkRecords = 1024;
constexpr std::chrono::milliseconds kChunkTime{10};
/// The pause after the table had no units left.
constexpr std::chrono::milliseconds kThrottledPause{100};

/// Thrown if the table was deleted.
struct TableGone {};

/// A record: the item to put and its condition. Points into the parser's text.
struct Put {
  json::Object item;
  std::optional<expression::Condition> condition;
};

std::optional<json::Object> object_member(const json::Object& record, std::string_view name) {
  json::Value value;
  json::Object object;
  if (!json::find_member(record, name, value)) return std::nullopt;
  if (value.get(object) != simdjson::SUCCESS) core::throw_validation(std::string(name) + " is not an object");
  return object;
}

Put read_put(const json::Object& record) {
  Put put;
  const auto item = object_member(record, "Item");
  if (!item) core::throw_validation("the record has no Item");
  put.item = *item;
  json::Value value;
  const auto names = object_member(record, "ExpressionAttributeNames");
  const auto values = object_member(record, "ExpressionAttributeValues");
  expression::Bindings bindings(names ? &*names : nullptr, values ? &*values : nullptr);
  if (json::find_member(record, "ConditionExpression", value)) {
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) core::throw_validation("ConditionExpression is not a string");
    put.condition = expression::bind_condition(text, expression::ConditionKind::kCondition, bindings);
  }
  bindings.check_all_used();
  return put;
}

void count_bytes(const Table& table, const json::EncodedItem& item, BulkPutInfo& info) {
  info.put_bytes += item.size_bytes;
  if (table.indexes.empty()) return;
  const json::Item parsed(item.json);
  for (const Index& index : table.indexes) {
    // Only the entry's size is used, so its key may be incomplete.
    const auto entry = make_index_entry(table, index, parsed, item.json, item.size_bytes, {});
    if (!entry) continue;
    if (index.vector) {
      info.vector_bytes[index.name] += std::max(entry->size_bytes, core::kMinVectorRequestBytes);
    } else {
      (index.global ? info.global_bytes : info.local_bytes)[index.name] += entry->size_bytes;
    }
  }
}

std::string key_of_report(const BulkPutInfo& info, const std::string& name) {
  std::string folder = info.output.prefix;
  if (!folder.empty() && !folder.ends_with('/')) folder.push_back('/');
  return folder + "AWSDynamoDB/" + info.id + "/" + name;
}

}  // namespace

BulkPutJob::BulkPutJob(BulkPutInfo info, Settings settings, bool resumed)
    : info_(std::move(info)), settings_(std::move(settings)), repeats_(resumed) {}

BulkPutJob::~BulkPutJob() = default;

JobStep BulkPutJob::step() {
  try {
    return advance();
  } catch (const BucketError& error) {
    info_.failure_code = error.code;
    info_.failure_message = error.what();
  } catch (const TableGone&) {
    info_.failure_code = "ResourceNotFound";
    info_.failure_message = "Requested resource not found: Table: " + info_.table_name + " not found";
  } catch (const core::DamageError& error) {
    info_.failure_code = "UNKNOWN";
    info_.failure_message = error.what();
  }
  end(BulkPutStatus::kFailed);
  return JobStep::end();
}

JobStep BulkPutJob::advance() {
  if (settings_.is_cancelled()) {
    end(BulkPutStatus::kCancelled);
    return JobStep::end();
  }
  if (source_ == nullptr) prepare();
  double units = 0;
  if (put_chunk(units)) {
    if (!held_ && info_.max_write_units == 0) return JobStep::more();
    auto pause = held_ ? kThrottledPause : std::chrono::milliseconds{0};
    if (info_.max_write_units != 0) {
      constexpr double kMsPerSecond = 1000;
      const double pause_ms = units * kMsPerSecond / static_cast<double>(info_.max_write_units);
      pause = std::max(pause, std::chrono::milliseconds(static_cast<std::int64_t>(pause_ms)));
    }
    return JobStep::later(pause);
  }
  end(info_.progress.errors > 0 ? BulkPutStatus::kCompletedWithErrors : BulkPutStatus::kCompleted);
  return JobStep::end();
}

void BulkPutJob::prepare() {
  const TablePtr table = settings_.catalog.find(info_.table_name);
  if (table == nullptr || table->id != info_.table_id) throw TableGone();
  output_ = settings_.buckets.bucket(info_.output.bucket, info_.output.bucket_owner);
  output_->set_encryption(info_.output.encryption);
  // After a restart its own reports may lie among the input, and their lines have items.
  const std::string reports = info_.source.bucket == info_.output.bucket ? key_of_report(info_, "") : std::string();
  source_ = std::make_unique<RecordSource>(settings_.buckets, info_.source, *table, reports);
  info_.total_bytes = source_->total_bytes();
}

bool BulkPutJob::put_chunk(double& units) {
  const TablePtr table = settings_.catalog.find(info_.table_name);
  if (table == nullptr || table->id != info_.table_id || table->status == TableStatus::kDeleting) throw TableGone();
  BulkPutInfo info = info_;
  Reports reports;
  InputRecord record;
  bool more = true;
  const auto until = std::chrono::steady_clock::now() + kChunkTime;
  try {
    for (std::size_t i = 0; i < kChunkRecords && std::chrono::steady_clock::now() < until; ++i) {
      ImportProgress before = info.progress;
      if (held_) {
        record = std::move(held_->record);
        info.progress = std::move(held_->progress);
        held_.reset();
      } else {
        more = source_->next(info.progress, record);
        if (!more) break;
        ++info.progress.processed;
      }
      try {
        units += put_record(table, record, info, reports);
      } catch (const ThroughputExceeded&) {
        held_ = {std::move(record), std::exchange(info.progress, std::move(before))};
        break;
      }
    }
    info.read_bytes = source_->bytes_read();
    write_reports(info, reports);
    store::Batch batch;
    batch.put(bulk_put_key(info.id), bulk_put_to_json(info));
    settings_.store.write_unsynced(batch);
  } catch (...) {
    // Records whose progress was not written are read again.
    source_.reset();
    held_.reset();
    repeats_ = true;
    throw;
  }
  info_ = std::move(info);
  repeats_ = false;
  settings_.moved(info_);
  progress_.items_read = info_.progress.processed;
  progress_.items_changed = info_.progress.imported;
  progress_.items_skipped = info_.progress.errors;
  progress_.fraction = source_->fraction();
  return more;
}

double BulkPutJob::put_record(const TablePtr& table, const InputRecord& record, BulkPutInfo& info, Reports& reports) {
  std::string fault = record.fault;
  std::string item_json;
  WriteOutcome outcome;
  if (fault.empty()) {
    try {
      json::Object object;
      if (json::Parser::of_this_thread().parse(record.json).get(object) != simdjson::SUCCESS)
        core::throw_validation("this is not an object");
      const Put put = read_put(object);
      const ImportedItem imported = check_imported_item(*table, put.item);
      item_json = imported.item.json;
      WriteAction action;
      action.kind = WriteKind::kPut;
      action.table = table;
      action.key = imported.key;
      action.item = &imported.item;
      action.condition = put.condition ? &*put.condition : nullptr;
      action.want_old_on_failure = true;
      outcome = settings_.writer.write(action);
      if (!outcome.condition_failed || (repeats_ && outcome.old_json == item_json)) {
        ++info.progress.imported;
        count_bytes(*table, imported.item, info);
        return outcome.capacity.total();
      }
    } catch (const core::ApiError& error) {
      if (error.type == core::ErrorCode::kResourceNotFound) throw TableGone();
      fault = error.message;
    }
  }
  if (!fault.empty()) {
    ++info.progress.errors;
    if (!info.output.errors) return 0;
    json::ObjectWriter line(reports.errors);
    line.text("S3Key", info.progress.key);
    line.integer("Position", static_cast<std::int64_t>(info.progress.position));
    line.text("ErrorMessage", fault);
    if (!item_json.empty()) line.key("Item") += item_json;
    line.end();
    reports.errors.push_back('\n');
    return 0;
  }
  ++info.condition_failures;
  // A failed condition costs as much as the size of the existing item.
  const double units = write_units(outcome.old_size_bytes);
  if (!info.output.condition_failures) return units;
  json::ObjectWriter line(reports.condition_failures);
  line.text("S3Key", info.progress.key);
  line.key("Item") += item_json;
  if (!outcome.old_json.empty()) line.key("ExistingItem") += outcome.old_json;
  line.end();
  reports.condition_failures.push_back('\n');
  return units;
}

void BulkPutJob::write_reports(BulkPutInfo& info, const Reports& reports) {
  if (reports.errors.empty() && reports.condition_failures.empty()) return;
  std::string number = std::to_string(++info.report_parts);
  constexpr std::size_t kDigits = 8;
  number.insert(0, kDigits - std::min(kDigits, number.size()), '0');
  const auto write = [&](const std::string& folder, const std::string& lines) {
    if (lines.empty()) return;
    DataFile file(output_->create(key_of_report(info, folder + "/" + number + ".json.gz")));
    file.append(lines);
    file.finish();
  };
  write("errors", reports.errors);
  write("condition-check-failures", reports.condition_failures);
}

void BulkPutJob::end(BulkPutStatus status) {
  source_.reset();
  info_.ended_ms = settings_.clock.now_ms();
  info_.status = status;
  if (output_ != nullptr) {
    std::string manifest;
    json::ObjectWriter writer(manifest);
    writer.text("bulkOperationArn", info_.arn);
    writer.text("tableArn", info_.table_arn);
    writer.integer("processedItemCount", static_cast<std::int64_t>(info_.progress.processed));
    writer.integer("writtenItemCount", static_cast<std::int64_t>(info_.progress.imported));
    writer.integer("errorCount", static_cast<std::int64_t>(info_.progress.errors));
    writer.integer("conditionCheckFailureCount", static_cast<std::int64_t>(info_.condition_failures));
    writer.integer("reportParts", static_cast<std::int64_t>(info_.report_parts));
    writer.end();
    try {
      output_->put(key_of_report(info_, "manifest-summary.json"), manifest);
    } catch (const BucketError& error) {
      info_.status = BulkPutStatus::kFailed;
      if (info_.failure_code.empty()) info_.failure_code = error.code;
      if (info_.failure_message.empty()) info_.failure_message = error.what();
    }
  }
  progress_.fraction = 1.0;
  settings_.ended(info_);
}

}  // namespace stator::engine
