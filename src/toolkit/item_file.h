#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "toolkit/item_output.h"
#include "toolkit/table_info.h"

/// Items in files, written by one table and read by another without loss.
namespace stator::toolkit {

enum class FileFormat : std::uint8_t {
  kPlain,    // plain JSON (plain_json.h), an item a line; read also as documents (json_documents.h)
  kDdbJson,  // wire JSON, as kPlain; read also as AWS exports it, {"Item":{…}}, and in requests, {"PutRequest":…}
  kAnyJson,  // for reading: one of the two, as the first item shows
  kCsv,      // CSV with typed columns: "name:S", "total:N", "tags:SS", "address:M"
};

/// By the file's ending, one of compression apart: ".csv"; ".jsonl", ".ndjson", ".json" and none at all are plain JSON.
/// nullopt where the ending says something else.
std::optional<FileFormat> format_of_file(const std::string& file);

/// Writes items; `key_columns` are CSV's first.
std::unique_ptr<ItemOutput> make_file_output(FileFormat format, std::ostream& out, const TableInfo& table);

/// A line that is not an item of the table.
struct BadItem : std::runtime_error {
  BadItem(std::uint64_t at_line, const std::string& what, bool is_end = false)
      : std::runtime_error(what), line(at_line), ends_reading(is_end) {}
  std::uint64_t line;
  /// What is behind it cannot be read.
  bool ends_reading;
};

/// Reads items one by one, each as wire JSON in normal form.
class ItemFileReader {
 public:
  virtual ~ItemFileReader() = default;
  /// The next item; nullopt at the end. Throws BadItem, after which reading may go on with the next
  /// unless it ends the reading.
  virtual std::optional<std::string> read() = 0;
  /// The bytes and lines of the file read so far, at the end of an item.
  [[nodiscard]] virtual std::uint64_t bytes() const;
  [[nodiscard]] virtual std::uint64_t lines() const = 0;
  /// The line on which the item read last begins.
  [[nodiscard]] virtual std::uint64_t item_line() const = 0;
  /// Continues where an earlier reader of the same file stopped, by its `bytes` and `lines`. Throws std::runtime_error
  /// where the stream cannot seek.
  void resume_at(std::uint64_t bytes, std::uint64_t lines);

 protected:
  explicit ItemFileReader(std::istream& in) : in_(in) {}
  /// Before the stream is moved from its beginning.
  virtual void prepare_to_resume() {}
  virtual void set_lines(std::uint64_t lines) = 0;
  std::istream& in_;
};

/// Keys are checked against the table's schema. CSV columns without a type hold text, or the type of a key attribute.
/// Throws BadItem for a bad line of column names.
std::unique_ptr<ItemFileReader> make_file_reader(FileFormat format, std::istream& in, const TableInfo& table);

}  // namespace stator::toolkit
