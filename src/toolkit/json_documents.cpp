#include "toolkit/json_documents.h"

#include <utility>

#include "core/api_error.h"
#include "toolkit/item_record.h"

namespace stator::toolkit {
namespace {

constexpr std::size_t kMaxObjectBytes = 16 * 1024 * 1024;
constexpr int kEnd = std::char_traits<char>::eof();

bool is_blank(int c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

bool parse_object(json::Parser& parser, std::string_view text, json::Object& object) {
  try {
    return parser.parse(text).get(object) == simdjson::SUCCESS;
  } catch (const core::ApiError&) {
    return false;
  }
}

void JsonDocuments::fail(const std::string& what) {
  failed_ = true;
  throw DocumentError(line_, what, true);
}

int JsonDocuments::peek() {
  return head_at_ < head_.size() ? std::char_traits<char>::to_int_type(head_[head_at_]) : in_.sgetc();
}

int JsonDocuments::take() {
  const int c = head_at_ < head_.size() ? std::char_traits<char>::to_int_type(head_[head_at_++]) : in_.sbumpc();
  if (c == '\n') ++line_;
  return c;
}

/// Skips blanks; returns the next character without taking it.
int JsonDocuments::next_character() {
  while (is_blank(peek())) take();
  return peek();
}

void JsonDocuments::expect(char character) {
  const int c = next_character();
  if (c == kEnd) fail("the document is cut off");
  if (c != character) fail(std::string("this is not JSON: expected ") + character);
  take();
}

/// Takes a string as it is written, with its quotes.
std::string JsonDocuments::read_text() {
  std::string text(1, static_cast<char>(take()));
  for (bool escaped = false;;) {
    const int c = take();
    if (c == kEnd) fail("the document is cut off");
    if (text.size() >= kMaxObjectBytes) fail("a text of more than 16 MB");
    text += static_cast<char>(c);
    if (c == '"' && !escaped) return text;
    escaped = c == '\\' && !escaped;
  }
}

/// Appends the object or list that begins here. False if the stream ends before it does, or if it is too long.
bool JsonDocuments::scan_object(std::string& text) {
  std::size_t depth = 0;
  bool in_text = false;
  bool escaped = false;
  while (text.size() < kMaxObjectBytes) {
    const int c = take();
    if (c == kEnd) return false;
    text += static_cast<char>(c);
    if (in_text) {
      in_text = c != '"' || escaped;
      escaped = c == '\\' && !escaped;
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return true;
    }
  }
  return false;
}

std::string JsonDocuments::read_object() {
  std::string text;
  if (scan_object(text)) return text;
  fail(text.size() < kMaxObjectBytes ? "the document is cut off" : "an item of more than 16 MB");
}

bool JsonDocuments::is_item(const std::string& text) const {
  json::Parser parser;
  json::Object object;
  json::Value member;
  if (!parse_object(parser, text, object)) return false;
  return json::find_member(object, key_, member) || unwrap(object, key_).is_wrapped;
}

void JsonDocuments::skip_value() {
  const int c = next_character();
  if (c == '"') {
    read_text();
  } else if (c == '{' || c == '[') {
    read_object();
  } else {
    while (peek() != ',' && peek() != '}' && peek() != ']' && peek() != kEnd) take();
  }
}

void JsonDocuments::enter_document(int begin) {
  if (begin != '[' && begin != '{') fail("expected a JSON list or object");
  take();
  in_list_ = begin == '[';
  in_object_ = begin == '{';
  has_list_ = in_list_;
  others_.clear();
}

/// Takes the next member of a document that is an object, or its end.
void JsonDocuments::enter_member() {
  int c = next_character();
  if (c == ',') {
    take();
    c = next_character();
  }
  if (c == '}') {
    take();
    in_object_ = false;
    if (has_list_) return;
    if (others_ == "DataModel")
      fail("a model of NoSQL Workbench; stator init NAME --from FILE takes it, with its items");
    if (!others_.empty()) fail("the document's items are of " + others_ + ", not of table " + table_);
    fail("this is neither an item, which has the key attribute " + key_ + ", nor a document with a list of items");
  }
  if (c != '"') expect('"');
  const std::string name = read_text();
  expect(':');
  const bool is_list = next_character() == '[';
  if (is_list && (name == "\"Items\"" || name == '"' + table_ + '"')) {
    take();
    in_list_ = true;
    has_list_ = true;
    return;
  }
  if (is_list) others_ += (others_.empty() ? "" : ", ") + name.substr(1, name.size() - 2);
  skip_value();
}

std::optional<std::string> JsonDocuments::next() {
  while (!failed_) {
    const int c = next_character();
    if (!in_list_ && in_object_) {
      enter_member();
    } else if (!in_list_) {
      if (c == kEnd) return std::nullopt;
      object_line_ = line_;
      if (c == '{') {
        std::string text;
        if (scan_object(text) && is_item(text)) return text;
        head_.replace(0, head_at_, text);  // read it again, for its list
        head_at_ = 0;
        line_ = object_line_;
      }
      enter_document(c);
    } else if (c == ',') {
      take();
    } else if (c == ']') {
      take();
      in_list_ = false;
    } else {
      object_line_ = line_;
      if (c == kEnd) fail("the document is cut off");
      if (c == '}') fail("this is not JSON: expected ]");
      if (c == '{') return read_object();
      skip_value();
      throw DocumentError(object_line_, "expected an item, a JSON object", false);
    }
  }
  return std::nullopt;
}

void JsonDocuments::resume_at_line(std::uint64_t line) {
  head_at_ = head_.size();
  line_ = line;
}

}  // namespace stator::toolkit
