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
  /// The record in DynamoDB JSON: {"Item":{…}}, perhaps with other members. Empty if the record has a fault.
  std::string json;
  /// What is wrong with the record; empty: nothing.
  std::string fault;
};

/// Reads the records of one object. Text that does not follow the format counts as one faulty record and ends the
/// object, because the start of the next record is unknown. Source: the AWS controller for Kubernetes' measurements,
/// October 2026 (a garbage line ends its object, an item without its key does not).
class RecordReader {
 public:
  virtual ~RecordReader() = default;
  RecordReader(const RecordReader&) = delete;
  RecordReader& operator=(const RecordReader&) = delete;

  /// Reads the next record; false at the end. Throws BucketError.
  bool read(InputRecord& record);
  /// The length of the decompressed text of the records so far: the position to continue from after a restart.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  /// The number of line ends that this reader has read before `position()`.
  [[nodiscard]] std::uint64_t line_ends() const { return line_ends_; }
  /// The number of line ends before the last record, or before the fault that ended the reading.
  [[nodiscard]] std::uint64_t line_ends_before_record() const { return line_ends_before_record_; }
  /// The number of bytes read from the object, as it is in the bucket.
  [[nodiscard]] std::uint64_t bytes_read() const { return stream_->bytes_read(); }
  /// Whether the reader is at its end, regular or not.
  [[nodiscard]] bool ended() const { return ended_; }

 protected:
  /// `position`: how many bytes of the stream were already skipped.
  RecordReader(std::unique_ptr<InputStream> stream, std::uint64_t position)
      : stream_(std::move(stream)), position_(position) {}

  /// The size limit of a record's text: far above that of an item (400 KB), as text may have escapes and white space.
  static constexpr std::size_t kMaxRecordBytes = 16 << 20;

  /// What a format's parser finds at the start of the text.
  struct Parsed {
    enum class What : std::uint8_t { kRecord, kMore, kEnd, kGarbage };
    What what = What::kEnd;
    /// The length of the record; for kMore, how much of the text is no longer needed.
    std::size_t bytes = 0;
    /// The offset at which the record begins; for kGarbage, the offset of the fault.
    std::size_t begin = 0;
  };
  /// `at_end`: no more text follows; then the result must not be kMore.
  virtual Parsed parse(std::string_view text, bool at_end, InputRecord& record) = 0;

 private:
  void pass(std::string_view text);

  std::unique_ptr<InputStream> stream_;
  std::uint64_t position_;
  std::uint64_t line_ends_ = 0;
  std::uint64_t line_ends_before_record_ = 0;
  std::string text_;
  std::size_t at_ = 0;
  bool stream_ended_ = false;
  std::string stream_fault_;
  bool ended_ = false;
};

/// The delimiter, header and column types of CSV.
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

/// JSON objects, one after the other; newlines between them are usual but not required.
std::unique_ptr<RecordReader> read_json_records(std::unique_ptr<InputStream> stream, std::uint64_t position);
/// Amazon Ion in its text form: structs, or lists of them.
std::unique_ptr<RecordReader> read_ion_records(std::unique_ptr<InputStream> stream, std::uint64_t position);
/// RFC 4180. Empty columns are left out. `header` gets the names of the columns. If the layout has no header, they come
/// from the stream's first record; if such a stream continues in the middle (`position` is not 0), the caller passes
/// the earlier result in `header`.
std::unique_ptr<RecordReader> read_csv_records(std::unique_ptr<InputStream> stream, std::uint64_t position,
                                               CsvLayout layout, std::vector<std::string>& header);

}  // namespace stator::engine
