#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <istream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace stator::toolkit {

struct CsvField {
  std::string text;
  /// The field was quoted. A quoted empty field is an empty text, not a missing value.
  bool quoted = false;
};

/// Text that is not valid CSV, with its line number.
struct CsvError : std::runtime_error {
  CsvError(std::uint64_t at_line, const std::string& what) : std::runtime_error(what), line(at_line) {}
  std::uint64_t line;
};

/// Reads CSV (RFC 4180) record by record; a field in quotes may hold line breaks. A byte order mark, which Excel
/// writes, is skipped, and a carriage return alone also ends a line.
class CsvReader {
 public:
  explicit CsvReader(std::istream& in, std::size_t max_record_mb = 4) : in_(in), max_record_mb_(max_record_mb) {}

  /// Reads the next record; false at the end. Blank lines are skipped. Throws CsvError for a stray quote, a quote that
  /// is not closed, or a record that is too long.
  bool read(std::vector<CsvField>& record);
  /// Reads the first record, and finds the delimiter of all records: if the record has no comma outside of quotes, but
  /// semicolons or tabs, as spreadsheets write them in many countries, the first of these; unless `is_name` says that
  /// the whole line is one name.
  bool read_first(std::vector<CsvField>& record, const std::function<bool(std::string_view line)>& is_name);
  /// The line on which the last record read began, from 1.
  [[nodiscard]] std::uint64_t line() const { return record_line_; }
  /// The number of the next line; to be set after the stream's position was changed.
  [[nodiscard]] std::uint64_t next_line() const { return line_; }
  void set_next_line(std::uint64_t line) {
    line_ = line;
    at_start_ = false;
  }

 private:
  /// Skips the rest of the line, so that the next record read does not begin in the middle of a bad one, and throws.
  [[noreturn]] void fail(std::uint64_t line, const std::string& what);
  /// Throws if a record is too long.
  void check_size(std::uint64_t line, std::size_t bytes);

  /// Takes the text of the next record, with its line end. Sets the delimiter.
  std::string take_first(const std::function<bool(std::string_view line)>& is_name);

  std::istream& in_;
  std::size_t max_record_mb_;
  char delimiter_ = ',';
  bool at_start_ = true;
  std::uint64_t line_ = 1;
  std::uint64_t record_line_ = 0;
};

}  // namespace stator::toolkit
