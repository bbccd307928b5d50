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
#include "toolkit/item_record.h"
#include "toolkit/table_info.h"

/// Items in files, to be written from one table and read into another without loss.
namespace stator::toolkit {

enum class FileFormat : std::uint8_t {
  kPlain,    // plain JSON (plain_json.h), one item per line; also reads documents (json_documents.h)
  kDdbJson,  // like kPlain, in wire JSON; also reads AWS's exports, {"Item":{…}}, and requests, {"PutRequest":…}
  kAnyJson,  // for reading: the first item shows which of the two it is; the first bytes show whether it is Ion
  kCsv,      // CSV with typed columns: "name:S", "total:N", "tags:SS", "address:M"
  kIon,      // Amazon Ion text, as AWS exports it, {Item:{…}}
};

/// The format by the file's ending, ignoring one for compression: ".csv"; ".ion"; ".jsonl", ".ndjson", ".json" and no
/// ending are plain JSON. nullopt for other endings.
std::optional<FileFormat> format_of_file(const std::string& file);

/// Makes a writer of items. In CSV, the key attributes are the first columns.
std::unique_ptr<ItemOutput> make_file_output(FileFormat format, std::ostream& out, const TableInfo& table);

/// Reads items one by one.
class ItemFileReader {
 public:
  virtual ~ItemFileReader() = default;
  /// Reads the next item; nullopt at the end. Throws BadItem; unless it ends the reading, the next call reads the next
  /// item.
  virtual std::optional<ItemChange> read() = 0;
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
