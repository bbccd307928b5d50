#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "engine/bucket/bucket.h"
#include "engine/import/import_info.h"
#include "engine/import/record_reader.h"
#include "engine/table.h"

namespace stator::engine {

/// Reads the records of all objects of a bucket whose keys have a prefix, in the order of the keys. Can continue from
/// an earlier position.
class RecordSource {
 public:
  /// Lists the objects, without those whose keys begin with `excluded` where that is not empty. `table` gives the types
  /// of CSV's columns. Throws BucketError.
  RecordSource(const Buckets& buckets, const ImportSource& source, const Table& table, std::string_view excluded = {});

  /// Reads the record after `progress` and moves `progress` past it, except its counts; false at the end. An object
  /// that was removed meanwhile or cannot be decompressed counts as one faulty record. Throws BucketError.
  bool next(ImportProgress& progress, InputRecord& record);
  /// Skips the rest of the object that the last record came from.
  void end_object(ImportProgress& progress);
  /// The size of all objects in the bucket, before decompression.
  [[nodiscard]] std::uint64_t total_bytes() const { return total_bytes_; }
  /// How many of these bytes were read or skipped: all of the objects before the current one, and what was read of it.
  [[nodiscard]] std::uint64_t bytes_read() const;
  /// The share of `total_bytes` before the current object: 0 to 1.
  [[nodiscard]] double fraction() const;

 private:
  void begin_object(ImportProgress& progress);
  void find_first(const ImportProgress& progress);

  const ImportSource source_;
  std::vector<CsvLayout::KeyColumn> keys_;
  std::unique_ptr<Bucket> bucket_;
  std::vector<BucketObject> objects_;
  std::uint64_t total_bytes_ = 0;
  std::uint64_t bytes_before_ = 0;
  std::size_t at_ = 0;
  bool started_ = false;
  std::vector<std::string> columns_;
  std::unique_ptr<RecordReader> reader_;
};

}  // namespace stator::engine
