#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "json/reader.h"

namespace stator::toolkit {

/// A fault of a JSON document, at its line.
struct DocumentError : std::runtime_error {
  DocumentError(std::uint64_t at_line, const std::string& what, bool is_end)
      : std::runtime_error(what), line(at_line), ends_reading(is_end) {}
  std::uint64_t line;
  /// What is behind it cannot be read; else reading may go on.
  bool ends_reading;
};

/// Sets `object` to what `text` holds; false where that is no JSON object.
bool parse_object(json::Parser& parser, std::string_view text, json::Object& object);

/// Reads the items in JSON documents one by one: lists of any length, `[…]`, what the AWS CLI prints
/// (`{"Items": […], …}`), and what it takes for BatchWriteItem (`{"TABLE": […]}`); and items by themselves, over
/// several lines. Several documents may follow one another.
class JsonDocuments {
 public:
  /// `head`: what was read of `in` already, which begins on `line`. `table`: whose list is read. `key`: the attribute
  /// that tells an item from a document with a list.
  JsonDocuments(std::istream& in, std::string head, std::uint64_t line, std::string table, std::string key)
      : in_(*in.rdbuf()), head_(std::move(head)), line_(line), table_(std::move(table)), key_(std::move(key)) {}

  /// The text of the next object; nullopt at the end of the stream. Throws DocumentError.
  std::optional<std::string> next();
  /// The line that the last object begins on, and the one reached.
  [[nodiscard]] std::uint64_t object_line() const { return object_line_; }
  [[nodiscard]] std::uint64_t line() const { return line_; }
  /// How much of the head is not read yet.
  [[nodiscard]] std::size_t bytes_ahead() const { return head_.size() - head_at_; }
  /// Goes on as behind the object read last, at the place and line to which the stream was moved.
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
  /// The names of lists that are not read.
  std::string others_;
};

}  // namespace stator::toolkit
