#include "engine/import/import_job.h"

#include <chrono>

#include "core/api_error.h"
#include "core/damage_error.h"
#include "engine/import/item_check.h"
#include "engine/stored_value.h"
#include "engine/table_json.h"
#include "json/reader.h"

namespace stator::engine {
namespace {

constexpr std::size_t kChunkRecords = 1024;
constexpr std::size_t kChunkBytes = 512 << 10;
constexpr std::uint64_t kLoggedFaults = 20;
/// The pause between checks of whether the indexes are built.
constexpr std::chrono::milliseconds kIndexPause{20};

}  // namespace

ImportJob::ImportJob(ImportInfo info, Settings settings) : info_(std::move(info)), settings_(std::move(settings)) {}

ImportJob::~ImportJob() = default;

JobStep ImportJob::step() {
  try {
    return advance();
  } catch (const BucketError& error) {
    fail(error.code, error.what());
  } catch (const core::ApiError& error) {
    // The name is taken, or memory is full: trying again would not help.
    fail(error.type == core::ErrorCode::kTableAlreadyExists ? "TableAlreadyExists" : "UNKNOWN", error.message);
  } catch (const core::DamageError& error) {
    fail("UNKNOWN", error.what());
  }
  return JobStep::end();
}

JobStep ImportJob::advance() {
  switch (phase_) {
    case Phase::kPrepare:
      prepare();
      return JobStep::more();
    case Phase::kLoad:
      load();
      return JobStep::more();
    case Phase::kFinish:
      if (table_ != nullptr) settings_.catalog.finish_restore({table_->state, table_->space});
      phase_ = Phase::kWait;
      return JobStep::more();
    case Phase::kWait: {
      const TablePtr table = find_table();
      if (table != nullptr && table->status == TableStatus::kCreating) return JobStep::later(kIndexPause);
      end();
      break;
    }
  }
  return JobStep::end();
}

TablePtr ImportJob::find_table() const {
  TablePtr table = settings_.catalog.find(info_.table_name);
  return table != nullptr && table->id == info_.table_id ? table : nullptr;
}

void ImportJob::prepare() {
  table_ = find_table();
  if (info_.progress.read_all) {
    phase_ = Phase::kFinish;
    return;
  }
  Table wanted = table_from_json(info_.table_row);
  source_ = std::make_unique<RecordSource>(settings_.buckets, info_.source, wanted);
  if (table_ == nullptr) {
    // The process was stopped before the table was published, or while it was being removed.
    info_.progress = {};
    wanted.restore = RestoreOrigin{.source_table = {},
                                   .backup_id = {},
                                   .time_ms = info_.started_ms,
                                   .cut = import_cut(info_.id),
                                   .source_space = 0,
                                   .log_space = 0,
                                   .copying = true};
    table_ = settings_.catalog.restore(std::move(wanted));
  }
  phase_ = Phase::kLoad;
}

void ImportJob::load() {
  const ImportProgress before = info_.progress;
  try {
    load_chunk();
  } catch (...) {
    // Records that were read but not written must be read again.
    info_.progress = before;
    phase_ = Phase::kPrepare;
    throw;
  }
}

void ImportJob::load_chunk() {
  ImportProgress progress = info_.progress;
  // By key: of records with the same key the last one counts.
  std::map<std::string, std::string> rows;
  InputRecord record;
  std::size_t bytes = 0;
  bool more = true;
  for (std::size_t i = 0; i < kChunkRecords && bytes < kChunkBytes; ++i) {
    more = source_->next(progress, record);
    if (!more) break;
    ++progress.processed;
    ++progress_.items_read;
    if (record.fault.empty()) {
      try {
        bytes += record.json.size();
        json::Object object;
        json::Value value;
        json::Object wire;
        if (json::Parser::of_this_thread().parse(record.json).get(object) != simdjson::SUCCESS ||
            !json::find_member(object, "Item", value) || value.get(wire) != simdjson::SUCCESS) {
          // Ends the object, as text that is not JSON does. Source: ScyllaDB Alternator's tests, which are run against
          // the service.
          source_->end_object(progress);
          core::throw_validation("the record has no Item, and the rest of the object is passed over");
        }
        ImportedItem imported = check_imported_item(*table_, wire);
        std::string stored;
        append_value_header(imported.item.size_bytes, stored);
        stored.append(imported.item.json);
        rows.insert_or_assign(std::move(imported.key.encoded), std::move(stored));
        ++progress.imported;
      } catch (const core::ApiError& error) {
        record.fault = error.message;
      }
    }
    if (!record.fault.empty()) {
      ++progress.errors;
      note_fault(progress.key + ": " + record.fault);
    }
  }
  info_.progress = std::move(progress);
  commit(*table_, rows);
  settings_.moved(info_);
  progress_.fraction = source_->fraction();
  if (!more) phase_ = Phase::kFinish;
}

/// Holds a counter part because DescribeTable reads the counters; there are no other writes to the table.
void ImportJob::commit(const Table& table, const std::map<std::string, std::string>& rows) {
  store::Batch batch;
  CounterDelta counted{.space = table.space};
  for (const auto& [key, stored] : rows) {
    const auto replaced = [&](std::string_view known) {
      --counted.items;
      counted.size_bytes -= static_cast<std::int64_t>(read_value(known).size_bytes);
    };
    (void)settings_.store.visit(key, replaced);
    ++counted.items;
    counted.size_bytes += static_cast<std::int64_t>(read_value(stored).size_bytes);
    batch.put(key, stored);
  }
  batch.put(import_key(info_.id), import_to_json(info_));
  const CounterPart part(settings_.stripes, 0);
  Counters& counters = table.state->counters;
  counters.load_once(settings_.store, table);
  Counters::PendingRow row = counters.put_row(table, part, {counted}, batch);
  settings_.store.write_unsynced(batch);
  counters.apply(std::move(row));
  progress_.items_changed += rows.size();
}

void ImportJob::note_fault(const std::string& why) {
  ++progress_.items_skipped;
  if (progress_.items_skipped > kLoggedFaults) return;
  settings_.log("import " + info_.id + " of table " + info_.table_name + ": " + why);
}

void ImportJob::end() {
  info_.ended_ms = settings_.clock.now_ms();
  info_.status = ImportStatus::kCompleted;
  if (info_.progress.errors > 0) {
    info_.status = ImportStatus::kFailed;
    info_.failure_code = "ItemValidationError";
    info_.failure_message =
        "Some of the items failed validation checks and were not imported. Please check CloudWatch error logs for more "
        "details.";
  }
  progress_.fraction = 1.0;
  source_.reset();
  settings_.ended(info_);
}

void ImportJob::fail(const std::string& code, const std::string& message) {
  source_.reset();
  if (const TablePtr table = find_table(); table != nullptr && table->restore) {
    settings_.catalog.fail_restore({table->state, table->space});
  }
  info_.ended_ms = settings_.clock.now_ms();
  info_.status = ImportStatus::kFailed;
  info_.failure_code = code;
  info_.failure_message = message;
  settings_.ended(info_);
}

}  // namespace stator::engine
