#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/import/input_stream.h"

namespace stator::engine {

enum class InputFormat : std::uint8_t { kDynamoDbJson, kIon, kCsv };

/// One record of an object that is imported.
struct InputRecord {
  /// The record in DynamoDB's JSON: {"Item":{…}} and what else stands there. Empty where it has a fault.
  std::string json;
  /// What is wrong with it.
  std::string fault;
};

/// Reads the records of one object. A text that does not follow the format is one faulty record, and the end of the
/// object: where the next one begins cannot be known. Source: the AWS controller for Kubernetes' measurements, October
/// 2026 (a garbage line ends its object, an item without its key does not).
class RecordReader {
 public:
  virtual ~RecordReader() = default;
  RecordReader(const RecordReader&) = delete;
  RecordReader& operator=(const RecordReader&) = delete;

  /// The next record; false at the end. Throws BucketError.
  bool read(InputRecord& record);
  /// How many bytes of the decompressed text the records so far take: where to go on after a restart.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  /// Nothing more is read of the object.
  [[nodiscard]] bool ended() const { return ended_; }

 protected:
  /// `position` bytes of the stream were passed over already.
  RecordReader(std::unique_ptr<InputStream> stream, std::uint64_t position)
      : stream_(std::move(stream)), position_(position) {}

  /// No record is larger, as no item is larger than 400 KB, however its text is spelt.
  static constexpr std::size_t kMaxRecordBytes = 16 << 20;

  /// What the format says of the text before us: the record at its begin.
  struct Parsed {
    enum class What : std::uint8_t { kRecord, kMore, kEnd, kGarbage };
    What what = What::kEnd;
    /// How much of the text it takes; for kMore what is done with.
    std::size_t bytes = 0;
  };
  /// `at_end`: no more text follows; then it must not be kMore.
  virtual Parsed parse(std::string_view text, bool at_end, InputRecord& record) = 0;

 private:
  std::unique_ptr<InputStream> stream_;
  std::uint64_t position_;
  std::string text_;
  std::size_t at_ = 0;
  bool stream_ended_ = false;
  std::string stream_fault_;
  bool ended_ = false;
};

/// How CSV is spelt, and which types its columns have.
struct CsvLayout {
  char delimiter = ',';
  /// Empty: the first record of each object names the columns.
  std::vector<std::string> header;
  struct KeyColumn {
    std::string name;
    char type = 'S';  // 'S', 'N' or 'B'
  };
  /// All other columns are strings.
  std::vector<KeyColumn> keys;
};

/// JSON texts, one behind the other; newlines in between are usual and not needed.
std::unique_ptr<RecordReader> read_json_records(std::unique_ptr<InputStream> stream, std::uint64_t position);
/// Amazon Ion in its text form: structs, or lists of them.
std::unique_ptr<RecordReader> read_ion_records(std::unique_ptr<InputStream> stream, std::uint64_t position);
/// RFC 4180. Empty columns are left out. Where the layout has no header, the stream must be at its begin; `header` gets
/// it then, for those who go on in the middle later.
std::unique_ptr<RecordReader> read_csv_records(std::unique_ptr<InputStream> stream, std::uint64_t position,
                                               CsvLayout layout, std::vector<std::string>& header);

}  // namespace stator::engine
