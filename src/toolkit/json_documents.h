#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "json/reader.h"

namespace stator::toolkit {

/// A fault in a JSON document, with its line.
struct DocumentError : std::runtime_error {
  DocumentError(std::uint64_t at_line, const std::string& what, bool is_end)
      : std::runtime_error(what), line(at_line), ends_reading(is_end) {}
  std::uint64_t line;
  /// Nothing after it can be read; if false, reading may go on.
  bool ends_reading;
};

/// Parses `text` into `object`; false if it is not a JSON object.
bool parse_object(json::Parser& parser, std::string_view text, json::Object& object);

/// Reads the items in JSON documents one by one: lists of any length, `[…]`; what the AWS CLI prints (`{"Items": […],
/// …}`) and takes for BatchWriteItem (`{"TABLE": […]}`); and single items over several lines. Several documents may
/// follow one another.
class JsonDocuments {
 public:
  /// `head`: the text already read from `in`, which begins on `line`. `table`: the table whose list is read. `key`: the
  /// attribute by which an item is told from a document with a list.
  JsonDocuments(std::istream& in, std::string head, std::uint64_t line, std::string table, std::string key)
      : in_(*in.rdbuf()), head_(std::move(head)), line_(line), table_(std::move(table)), key_(std::move(key)) {}

  /// Reads the text of the next object; nullopt at the end of the stream. Throws DocumentError.
  std::optional<std::string> next();
  /// The line on which the last object begins, and the line reached.
  [[nodiscard]] std::uint64_t object_line() const { return object_line_; }
  [[nodiscard]] std::uint64_t line() const { return line_; }
  /// The number of bytes of the head that are not read yet.
  [[nodiscard]] std::size_t bytes_ahead() const { return head_.size() - head_at_; }
  /// Continues as after an object, when the stream was moved to a position on `line`.
  void resume_at_line(std::uint64_t line);

 private:
  int peek();
  int take();
  int next_character();
  void expect(char character);
  std::string read_text();
  void enter_document(int begin);
  void enter_member();
  void skip_value();
  bool scan_object(std::string& text);
  std::string read_object();
  bool is_item(const std::string& text) const;
  [[noreturn]] void fail(const std::string& what);

  std::streambuf& in_;
  std::string head_;
  std::size_t head_at_ = 0;
  std::uint64_t line_;
  std::uint64_t object_line_ = 0;
  std::string table_;
  std::string key_;
  bool in_object_ = false;
  bool in_list_ = false;
  bool has_list_ = false;
  bool failed_ = false;
  /// The names of lists that were skipped.
  std::string others_;
};

}  // namespace stator::toolkit
