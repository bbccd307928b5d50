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

/// Items in files, to be written from one table and read into another without loss.
namespace stator::toolkit {

enum class FileFormat : std::uint8_t {
  kPlain,    // plain JSON (plain_json.h), an item a line; when read, also documents (json_documents.h)
  kDdbJson,  // wire JSON, like kPlain; when read, also as AWS exports it, {"Item":{…}}, and as in requests,
             // {"PutRequest":…}
  kAnyJson,  // for reading: one of these two, recognised by the first item
  kCsv,      // CSV with typed columns: "name:S", "total:N", "tags:SS", "address:M"
};

/// The format by the file's ending, before that of a compression: ".csv" is CSV; ".jsonl", ".ndjson", ".json" and no
/// ending are plain JSON. nullopt for any other ending.
std::optional<FileFormat> format_of_file(const std::string& file);

/// Writes items to `out`; in CSV the key columns of `table` come first.
std::unique_ptr<ItemOutput> make_file_output(FileFormat format, std::ostream& out, const TableInfo& table);

/// A line that is not an item of the table.
struct BadItem : std::runtime_error {
  BadItem(std::uint64_t at_line, const std::string& what, bool is_end = false)
      : std::runtime_error(what), line(at_line), ends_reading(is_end) {}
  std::uint64_t line;
  /// Nothing after it can be read.
  bool ends_reading;
};

/// Reads items one by one, each as wire JSON in normal form.
class ItemFileReader {
 public:
  virtual ~ItemFileReader() = default;
  /// Reads the next item; nullopt at the end. Throws BadItem; unless it ends the reading, the next call reads the next
  /// item.
  virtual std::optional<std::string> read() = 0;
  /// The bytes and lines of the file read so far, at the end of an item.
  [[nodiscard]] virtual std::uint64_t bytes() const;
  [[nodiscard]] virtual std::uint64_t lines() const = 0;
  /// The line on which the item read last begins.
  [[nodiscard]] virtual std::uint64_t item_line() const = 0;
  /// Continues where an earlier reader of the same file stopped, given its `bytes` and `lines`. Throws
  /// std::runtime_error if the stream cannot seek.
  void resume_at(std::uint64_t bytes, std::uint64_t lines);

 protected:
  explicit ItemFileReader(std::istream& in) : in_(in) {}
  /// Called before resume_at moves the stream away from its beginning.
  virtual void prepare_to_resume() {}
  virtual void set_lines(std::uint64_t lines) = 0;
  std::istream& in_;
};

/// Reads items from `in` and checks their keys against the table's schema. CSV columns without a type hold text, or the
/// type of the key attribute. Throws BadItem if the line of column names is bad.
std::unique_ptr<ItemFileReader> make_file_reader(FileFormat format, std::istream& in, const TableInfo& table);

}  // namespace stator::toolkit
