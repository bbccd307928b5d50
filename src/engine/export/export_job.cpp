#include "engine/export/export_job.h"

#include <algorithm>
#include <map>
#include <system_error>

#include "core/api_error.h"
#include "core/damage_error.h"
#include "engine/damage.h"
#include "engine/export/ion_text.h"
#include "engine/export/manifest.h"
#include "engine/keys.h"
#include "engine/stored_value.h"
#include "engine/table_json.h"
#include "json/object_writer.h"

namespace stator::engine {
namespace {

constexpr std::size_t kChunkItems = 1024;
constexpr std::size_t kChunkBytes = 512 << 10;
/// The size of a data file, before compression. The service writes one file for each partition.
constexpr std::uint64_t kFileBytes = 256 << 20;
/// The minimum that is charged for an incremental export. Source: measured by the AWS controller for Kubernetes,
/// October 2026.
constexpr std::uint64_t kLeastIncrementalBytes = 10'000'000;
constexpr char kAtEnd = 'A';
constexpr char kAtBegin = 'B';

std::string scratch_key(char kind, std::string_view item_key) { return kind + std::string(item_key); }

std::string moment(const std::optional<std::string>& stored) { return stored ? "1" + *stored : "0"; }

/// The stored item at a moment, decoded; nullopt if it did not exist.
std::optional<std::string_view> stored_of(std::string_view moment) {
  if (moment.empty() || moment.front() == '0') return std::nullopt;
  return moment.substr(1);
}

store::Resources small_resources() {
  store::Resources resources;
  resources.memtable_bytes = 4 << 20;
  resources.block_cache_bytes = 4 << 20;
  resources.row_cache_bytes = 0;
  return resources;
}

}  // namespace

ExportWriter::ExportWriter(ExportInfo info, Settings settings)
    : info_(std::move(info)), settings_(std::move(settings)) {}

ExportWriter::~ExportWriter() = default;

JobStep ExportWriter::step() {
  try {
    return advance() ? JobStep::more() : JobStep::end();
  } catch (const BucketError& error) {
    fail(error.code, error.what());
  } catch (const store::OpenError& error) {
    fail("UNKNOWN", error.what());
  } catch (const core::DamageError& error) {
    fail("UNKNOWN", error.what());
  } catch (const core::ApiError& error) {
    fail("UNKNOWN", error.message);
  }
  return JobStep::end();
}

bool ExportWriter::advance() {
  switch (phase_) {
    case Phase::kPrepare:
      prepare();
      return true;
    case Phase::kRewind:
      rewind();
      return true;
    case Phase::kItems:
      write_items();
      return true;
    case Phase::kOldItems:
      write_old_items();
      return true;
    case Phase::kChanges:
      write_changes();
      return true;
    case Phase::kFinish:
      finish();
      return false;
  }
  return false;
}

void ExportWriter::prepare() {
  bucket_ = settings_.buckets.bucket(info_.bucket, info_.bucket_owner);
  bucket_->set_encryption(info_.encryption);
  bucket_->put(export_key(info_, "_started"), "");
  cut_ = settings_.backups.open_cut(info_.cut());
  std::string row;
  if (!cut_->get(catalog_key(CatalogRow::kTable, info_.table_name), row)) {
    throw core::DamageError("the checkpoint does not have the table");
  }
  table_ = table_from_json(row);
  if (!info_.filter_json.empty()) filter_.emplace(info_.filter_json, table_.key_schema);
  phase_ = Phase::kItems;
  if (!info_.needs_rewind()) return;
  store::Options options;
  options.directory = settings_.scratch;
  options.resources = small_resources();
  if (!settings_.scratch.empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(settings_.scratch, ignored);  // of an earlier start
  }
  scratch_ = store::Store::open(options);
  phase_ = Phase::kRewind;
}

void ExportWriter::rewind() {
  // An incremental export includes changes at its start time and excludes those at its end time.
  const std::int64_t begin_ms = info_.incremental ? info_.from_ms - 1 : info_.time_ms;
  const std::int64_t end_ms = info_.incremental ? info_.to_ms - 1 : info_.time_ms;
  std::map<std::string, std::string> rows;
  const auto note = [&](const std::string& key, const LogRecord& record, const Rewind::OldItem& old) {
    if (record.time_ms > end_ms) {
      rows.insert_or_assign(scratch_key(kAtEnd, key), moment(old));
      return;
    }
    // The newest change, which is read first, gives the time; the oldest, read last, gives the item at the start.
    const std::string row_key = scratch_key(kAtBegin, key);
    std::string known;
    const auto met = rows.find(row_key);
    if (met != rows.end()) {
      known = met->second;
    } else if (!scratch_->get(row_key, known)) {
      append_varint(static_cast<std::uint64_t>(record.time_ms), known);
    }
    std::string_view rest = known;
    std::string row;
    append_varint(read_varint(rest), row);
    rows.insert_or_assign(row_key, row + moment(old));
  };
  const Rewind reader(*cut_, info_.log_space, begin_ms);
  position_ = reader.visit(table_, position_, note);
  store::Batch batch;
  for (const auto& [key, value] : rows) batch.put(key, value);
  if (!batch.empty()) scratch_->write_unsynced(batch);
  progress_.items_read += rows.size();
  if (!position_.empty()) return;
  phase_ = info_.incremental ? Phase::kChanges : Phase::kItems;
}

void ExportWriter::write_items() {
  KeyBounds bounds = space_bounds(info_.space);
  if (!position_.empty()) bounds.lower = position_ + '\0';
  const auto cursor = cut_->cursor(bounds.lower, bounds.upper);
  std::size_t items = 0;
  std::size_t bytes = 0;
  for (cursor->seek_to_first(); cursor->valid() && items < kChunkItems && bytes < kChunkBytes; cursor->next()) {
    ++items;
    bytes += cursor->value().size();
    position_ = cursor->key();
    // An item that has changed since is written by write_old_items.
    if (scratch_ != nullptr && scratch_->visit(scratch_key(kAtEnd, position_), [](std::string_view) {})) continue;
    if (!is_readable([&] { append_item(cursor->value()); })) ++progress_.items_skipped;
  }
  progress_.items_read += items;
  if (items > 0) {
    progress_.fraction = fraction_before(position_);
    return;
  }
  position_.clear();
  phase_ = scratch_ != nullptr ? Phase::kOldItems : Phase::kFinish;
}

void ExportWriter::write_old_items() {
  const std::string lower = position_.empty() ? std::string(1, kAtEnd) : position_ + '\0';
  const auto cursor = scratch_->cursor(lower, std::string(1, kAtEnd + 1));
  std::size_t items = 0;
  for (cursor->seek_to_first(); cursor->valid() && items < kChunkItems; cursor->next()) {
    ++items;
    position_ = cursor->key();
    if (const auto stored = stored_of(cursor->value())) append_item(*stored);
  }
  if (items == 0) phase_ = Phase::kFinish;
}

void ExportWriter::write_changes() {
  const std::string lower = position_.empty() ? std::string(1, kAtBegin) : position_ + '\0';
  const auto cursor = scratch_->cursor(lower, std::string(1, kAtBegin + 1));
  std::size_t items = 0;
  for (cursor->seek_to_first(); cursor->valid() && items < kChunkItems; cursor->next()) {
    ++items;
    position_ = cursor->key();
    append_change(cursor->key().substr(1), cursor->value());
  }
  if (items == 0) phase_ = Phase::kFinish;
}

void ExportWriter::append_item(std::string_view stored) {
  const StoredValue value = read_value(stored);
  if (filter_ && !filter_->matches(value.json)) return;
  std::string wanted;
  if (filter_) filter_->append(value.json, wanted);
  const std::string_view item = filter_ ? std::string_view(wanted) : value.json;
  std::string line;
  if (info_.format == ExportFormat::kIon) {
    line.append(kIonVersion).append("{Item:");
    append_ion_item(item, line);
  } else {
    line.append("{\"Item\":").append(item);
  }
  append_line(line.append("}\n"), value.size_bytes);
}

void ExportWriter::append_change(std::string_view key, std::string_view noted) {
  const std::uint64_t time_ms = read_varint(noted);
  const std::optional<std::string_view> before = stored_of(noted);
  std::string present;
  std::optional<std::string_view> after;
  if (scratch_->get(scratch_key(kAtEnd, key), present)) {
    after = stored_of(present);
  } else if (cut_->get(key, present)) {
    after = present;
  }
  // An item that was created and deleted within the period is left out.
  if (!before && !after) return;
  Change change;
  change.time_us = std::to_string(time_ms * 1000);
  const std::string_view known = read_value(after ? *after : *before).json;
  json::ObjectWriter keys(change.keys);
  for (const auto* attributes : {&table_.key_schema.hash, &table_.key_schema.range}) {
    for (const core::KeyAttribute& attribute : *attributes) {
      keys.member(attribute.name).append(json::find_attribute(known, attribute.name));
    }
  }
  keys.end();
  // The filter is tested on the new image or, for a deleted item, on the old one.
  if (filter_ && !filter_->matches(known)) return;
  std::size_t size_bytes = 0;
  const auto image = [&](std::string_view stored) {
    const StoredValue value = read_value(stored);
    size_bytes += value.size_bytes;
    std::string wanted;
    filter_ ? filter_->append(value.json, wanted) : static_cast<void>(wanted.append(value.json));
    return wanted;
  };
  if (after) change.new_image = image(*after);
  if (before && info_.old_images) change.old_image = image(*before);
  append_line(info_.format == ExportFormat::kIon ? ion_line(change) : json_line(change), size_bytes);
}

std::string ExportWriter::json_line(const Change& change) {
  std::string line =
      "{\"Metadata\":{\"WriteTimestampMicros\":{\"N\":\"" + change.time_us + "\"}},\"Keys\":" + change.keys;
  if (!change.new_image.empty()) line.append(",\"NewImage\":").append(change.new_image);
  if (!change.old_image.empty()) line.append(",\"OldImage\":").append(change.old_image);
  return line.append("}\n");
}

std::string ExportWriter::ion_line(const Change& change) {
  std::string line(kIonVersion);
  line.append("{Record:{Keys:");
  append_ion_item(change.keys, line);
  line.append(",Metadata:{WriteTimestampMicros:");
  append_ion_decimal(change.time_us, line);
  line.push_back('}');
  if (!change.old_image.empty()) append_ion_item(change.old_image, line.append(",OldImage:"));
  if (!change.new_image.empty()) append_ion_item(change.new_image, line.append(",NewImage:"));
  return line.append("}}\n");
}

void ExportWriter::append_line(std::string_view line, std::size_t size_bytes) {
  if (file_ == nullptr) file_ = std::make_unique<DataFile>(bucket_->create(data_key(info_, files_)));
  file_->append(line);
  ++file_items_;
  ++info_.items;
  size_bytes_ += size_bytes;
  ++progress_.items_changed;
  if (file_->written_bytes() >= kFileBytes) end_file();
}

void ExportWriter::end_file() {
  const DataFile::Sums sums = file_->finish();
  manifest_ += manifest_line(
      {.items = file_items_, .md5_base64 = sums.md5_base64, .etag = sums.etag, .key = data_key(info_, files_)});
  file_.reset();
  file_items_ = 0;
  ++files_;
}

void ExportWriter::finish() {
  // Without items there is one empty file.
  if (file_ == nullptr && files_ == 0) file_ = std::make_unique<DataFile>(bucket_->create(data_key(info_, files_)));
  if (file_ != nullptr) end_file();
  bucket_->put(export_key(info_, "manifest-files.json"), manifest_);
  bucket_->put(export_key(info_, "manifest-files.md5"), md5_base64(manifest_));
  info_.ended_ms = settings_.clock.now_ms();
  info_.billed_bytes = info_.incremental ? std::max(size_bytes_, kLeastIncrementalBytes) : size_bytes_;
  const std::string summary = manifest_summary(info_);
  bucket_->put(export_key(info_, "manifest-summary.md5"), md5_base64(summary));
  bucket_->put(export_key(info_, "manifest-summary.json"), summary);
  info_.manifest_key = export_key(info_, "manifest-summary.json");
  info_.status = ExportStatus::kCompleted;
  progress_.fraction = 1.0;
  scratch_.reset();
  cut_.reset();
  settings_.ended(info_);
}

void ExportWriter::fail(const std::string& code, const std::string& message) {
  file_.reset();
  scratch_.reset();
  cut_.reset();
  if (bucket_ != nullptr) {
    for (std::uint64_t number = 0; number <= files_; ++number) {
      try {
        bucket_->remove(data_key(info_, number));
      } catch (const BucketError&) {
        // If the folder is not accessible there is no file to remove.
      }
    }
  }
  info_.ended_ms = settings_.clock.now_ms();
  info_.items = 0;
  info_.status = ExportStatus::kFailed;
  info_.failure_code = code;
  info_.failure_message = message;
  settings_.ended(info_);
}

}  // namespace stator::engine
