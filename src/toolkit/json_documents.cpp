#include "toolkit/json_documents.h"

namespace stator::toolkit {
namespace {

constexpr std::size_t kMaxObjectBytes = 16 * 1024 * 1024;
constexpr int kEnd = std::char_traits<char>::eof();

bool is_blank(int c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

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

/// Passes over blanks; returns the character behind them without taking it.
int JsonDocuments::next_character() {
  while (is_blank(peek())) take();
  return peek();
}

void JsonDocuments::expect(char character) {
  const int c = next_character();
  if (c == kEnd) fail("the document is cut off");
  if (c != character) fail(std::string("this is no JSON: expected ") + character);
  take();
}

/// A text as it stands there, with its quotes.
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

/// An object, or with a bracket before it a list.
std::string JsonDocuments::read_object() {
  std::string text;
  std::size_t depth = 0;
  do {
    const int c = peek();
    if (c == kEnd) fail("the document is cut off");
    if (text.size() >= kMaxObjectBytes) fail("an item of more than 16 MB");
    if (c == '"') {
      text += read_text();
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    text += static_cast<char>(take());
  } while (depth > 0);
  return text;
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

/// The next member of a document that is an object, or its end.
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
    fail(others_.empty() ? "the document has no list of items"
                         : "the document's items are of " + others_ + ", not of table " + table_);
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
      enter_document(c);
    } else if (c == ',') {
      take();
    } else if (c == ']') {
      take();
      in_list_ = false;
    } else {
      object_line_ = line_;
      if (c == kEnd) fail("the document is cut off");
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
  in_list_ = true;
}

}  // namespace stator::toolkit
