#include "engine/import/record_source.h"

#include <algorithm>

namespace stator::engine {
namespace {

std::vector<CsvLayout::KeyColumn> key_columns(const Table& table) {
  std::vector<CsvLayout::KeyColumn> columns;
  const auto add = [&](const core::KeySchema& schema) {
    for (const auto* attributes : {&schema.hash, &schema.range}) {
      for (const core::KeyAttribute& attribute : *attributes) {
        columns.push_back({attribute.name, core::type_name(attribute.type).front()});
      }
    }
  };
  add(table.key_schema);
  for (const Index& index : table.indexes) add(index.key_schema);
  return columns;
}

}  // namespace

RecordSource::RecordSource(const Buckets& buckets, const ImportSource& source, const Table& table,
                           std::string_view excluded)
    : source_(source),
      keys_(key_columns(table)),
      bucket_(buckets.bucket(source.bucket, source.bucket_owner)),
      objects_(bucket_->list(source.prefix)) {
  if (!excluded.empty()) {
    std::erase_if(objects_, [excluded](const BucketObject& object) { return object.key.starts_with(excluded); });
  }
  for (const BucketObject& object : objects_) total_bytes_ += object.size_bytes;
}

bool RecordSource::next(ImportProgress& progress, InputRecord& record) {
  if (!started_) find_first(progress);
  for (; at_ < objects_.size(); ++at_) {
    if (reader_ == nullptr) {
      try {
        begin_object(progress);
      } catch (const BucketError& error) {
        if (error.code != "S3NoSuchKey") throw;
        record.json.clear();
        record.fault = error.what();
        progress.object_done = true;
        bytes_before_ += objects_[at_].size_bytes;
        ++at_;
        return true;
      }
    }
    const bool found = reader_->read(record);
    progress.position = reader_->position();
    progress.columns = columns_;
    progress.object_done = reader_->ended();
    if (found) return true;
    reader_.reset();
    bytes_before_ += objects_[at_].size_bytes;
  }
  progress.read_all = true;
  return false;
}

void RecordSource::end_object(ImportProgress& progress) {
  progress.object_done = true;
  if (reader_ == nullptr) return;
  reader_.reset();
  bytes_before_ += objects_[at_].size_bytes;
  ++at_;
}

std::uint64_t RecordSource::bytes_read() const {
  if (reader_ == nullptr) return bytes_before_;
  // An object that was replaced meanwhile may be larger than the one that was listed.
  return bytes_before_ + std::min(reader_->bytes_read(), objects_[at_].size_bytes);
}

double RecordSource::fraction() const {
  return total_bytes_ == 0 ? 1.0 : static_cast<double>(bytes_before_) / static_cast<double>(total_bytes_);
}

/// Finds the object to continue with.
void RecordSource::find_first(const ImportProgress& progress) {
  started_ = true;
  while (at_ < objects_.size() && !progress.key.empty() &&
         (objects_[at_].key < progress.key || (objects_[at_].key == progress.key && progress.object_done))) {
    bytes_before_ += objects_[at_].size_bytes;
    ++at_;
  }
}

void RecordSource::begin_object(ImportProgress& progress) {
  const std::string& key = objects_[at_].key;
  if (progress.key != key || progress.object_done) {
    progress.bytes_before += progress.position;
    progress.key = key;
    progress.position = 0;
    progress.columns.clear();
    progress.object_done = false;
  }
  columns_ = progress.columns;
  auto stream = std::make_unique<InputStream>(bucket_->open(key), source_.compression);
  try {
    stream->skip(progress.position);
  } catch (const InputError&) {
    // The reader will meet the same fault and report it.
  }
  switch (source_.format) {
    case InputFormat::kDynamoDbJson:
      reader_ = read_json_records(std::move(stream), progress.position);
      return;
    case InputFormat::kIon:
      reader_ = read_ion_records(std::move(stream), progress.position);
      return;
    case InputFormat::kCsv:
      break;
  }
  CsvLayout layout{.delimiter = source_.delimiter.empty() ? ',' : source_.delimiter.front(),
                   .header = source_.header,
                   .keys = keys_};
  reader_ = read_csv_records(std::move(stream), progress.position, std::move(layout), columns_);
}

}  // namespace stator::engine
