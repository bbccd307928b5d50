#include "toolkit/plain_json.h"

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "core/api_error.h"
#include "core/base64.h"
#include "core/number.h"
#include "json/text_stream.h"
#include "json/writer.h"

namespace stator::toolkit {
namespace {

/// One level of nesting in an item may take two in JSON.
constexpr std::size_t kMaxDepth = 100;
constexpr std::array<std::string_view, 6> kForms = {"$B", "$SS", "$NS", "$BS", "$M", "$N"};

bool is_form(std::string_view name) { return std::find(kForms.begin(), kForms.end(), name) != kForms.end(); }

// --- wire to plain -------------------------------------------------------------------------------------------------

/// Appends a number as JSON; false if the text is not a number as DynamoDB writes it.
bool append_number(std::string_view text, std::string& out) {
  try {
    core::Number::parse(text).append_to(out);
    return true;
  } catch (const core::ApiError&) {
    return false;
  }
}

void append_number_or_form(std::string_view text, std::string& out) {
  if (append_number(text, out)) return;
  out += R"({"$N":)";
  json::append_string(text, out);
  out += '}';
}

void append_form(std::string_view name, const json::Value& content, std::string& out) {
  out += "{\"";
  out += name;
  out += "\":";
  if (name == "$NS") {
    out += '[';
    for (const json::Value member : content.get_array()) {
      if (out.back() != '[') out += ',';
      append_number_or_form(json::Value(member).get_string().value(), out);
    }
    out += ']';
  } else {
    out += simdjson::minify(content);
  }
  out += '}';
}

void append_list(const json::Array& list, std::string& out) {
  out += '[';
  bool first = true;
  for (const json::Value member : list) {
    if (!first) out += ',';
    first = false;
    append_plain_value(member, out);
  }
  out += ']';
}

void append_map(const json::Object& map, std::string& out) {
  const bool looks_like_form = map.size() == 1 && is_form((*map.begin()).key);
  if (looks_like_form) out += R"({"$M":)";
  append_plain_item(map, out);
  if (looks_like_form) out += '}';
}

// --- plain to wire -------------------------------------------------------------------------------------------------

enum class TokenKind : std::uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject, kKey };

/// One event of the reader. A container's content follows it up to `end`.
struct Token {
  TokenKind kind = TokenKind::kNull;
  bool boolean = false;
  /// Its approximate offset in the text, for error messages.
  std::size_t offset = 0;
  std::string text;
  /// The index after this token and its content.
  std::size_t end = 0;
};

[[noreturn]] void fail_at(std::string_view source, std::size_t offset, const std::string& what) {
  const std::string_view before = source.substr(0, std::min(offset, source.size()));
  const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
  const std::size_t start = before.rfind('\n') + 1;  // 0 if there is none
  std::string place = "column " + std::to_string(before.size() - start + 1);
  if (line > 1 || source.find('\n') < source.find_last_not_of(" \r\n\t")) {
    place.insert(0, "line " + std::to_string(line) + ", ");
  }
  throw PlainJsonError(place + ": " + what);
}

using json::TextStream;

class TokenReader {
 public:
  explicit TokenReader(std::string_view text) : stream_{text} {}

  std::vector<Token> read() {
    constexpr unsigned kFlags =
        rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseValidateEncodingFlag;
    if (stream_.text.find('\0') != std::string_view::npos) {
      fail_at(stream_.text, stream_.text.find('\0'), "a zero byte is not JSON");
    }
    rapidjson::Reader reader;
    const rapidjson::ParseResult result = reader.Parse<kFlags>(stream_, *this);
    if (too_deep_) fail_at(stream_.text, stream_.position, "nested too deep");
    // A number with an exponent too large for a double; core::Number reports the others.
    if (result.Code() == rapidjson::kParseErrorNumberTooBig) {
      fail_at(stream_.text, result.Offset(),
              "Number overflow. Attempting to store a number with magnitude larger than supported range");
    }
    if (result.IsError()) {
      std::string what = rapidjson::GetParseError_En(result.Code());
      if (what.ends_with('.')) what.pop_back();
      fail_at(stream_.text, result.Offset(), "this is not JSON: " + what);
    }
    return std::move(tokens_);
  }

  bool Null() { return add(TokenKind::kNull, stream_.position); }
  bool Bool(bool value) {
    add(TokenKind::kBoolean, stream_.position);
    tokens_.back().boolean = value;
    return true;
  }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
    add(TokenKind::kNumber, stream_.position - length);
    tokens_.back().text.assign(text, length);
    return true;
  }
  // Numbers arrive as text (kParseNumbersAsStringsFlag); these functions complete the concept.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    add(TokenKind::kString, stream_.position);
    tokens_.back().text.assign(text, length);
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    add(TokenKind::kKey, stream_.position);
    tokens_.back().text.assign(text, length);
    return true;
  }
  bool StartObject() { return open(TokenKind::kObject); }
  bool StartArray() { return open(TokenKind::kArray); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool EndArray(rapidjson::SizeType) { return close(); }

 private:
  bool add(TokenKind kind, std::size_t offset) {
    tokens_.push_back({kind, false, offset, {}, tokens_.size() + 1});
    return true;
  }
  bool open(TokenKind kind) {
    if (open_.size() >= kMaxDepth) {
      too_deep_ = true;
      return false;
    }
    open_.push_back(tokens_.size());
    return add(kind, stream_.position);
  }
  bool close() {
    tokens_[open_.back()].end = tokens_.size();
    open_.pop_back();
    return true;
  }

  TextStream stream_;
  std::vector<Token> tokens_;
  std::vector<std::size_t> open_;
  bool too_deep_ = false;
};

class WireWriter {
 public:
  explicit WireWriter(std::string_view source) : source_(source), tokens_(TokenReader(source).read()) {}

  std::string item() {
    if (tokens_.front().kind != TokenKind::kObject) fail_at(source_, 0, "expected an item, a JSON object");
    write_members(0);
    return std::move(out_);
  }
  std::string value() {
    write_value(0);
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(std::size_t at, const std::string& what) const { fail_at(source_, tokens_[at].offset, what); }

  void write_value(std::size_t at) {
    const Token& token = tokens_[at];
    switch (token.kind) {
      case TokenKind::kNull:
        out_ += R"({"NULL":true})";
        return;
      case TokenKind::kBoolean:
        out_ += token.boolean ? R"({"BOOL":true})" : R"({"BOOL":false})";
        return;
      case TokenKind::kNumber:
        out_ += R"({"N":)";
        write_number(at);
        out_ += '}';
        return;
      case TokenKind::kArray:
        out_ += R"({"L":[)";
        for (std::size_t member = at + 1; member < token.end; member = tokens_[member].end) {
          if (member > at + 1) out_ += ',';
          write_value(member);
        }
        out_ += "]}";
        return;
      case TokenKind::kObject:
        return write_object(at);
      case TokenKind::kString:
      case TokenKind::kKey:
        out_ += R"({"S":)";
        json::append_string(token.text, out_);
        out_ += '}';
        return;
    }
  }

  /// Writes the text of a number, in quotes.
  void write_number(std::size_t at) {
    try {
      out_ += '"';
      core::Number::parse(tokens_[at].text).append_to(out_);
      out_ += '"';
    } catch (const core::ApiError& error) {
      fail(at, tokens_[at].text.substr(0, 60) + ": " + error.message);
    }
  }

  void write_object(std::size_t at) {
    const std::size_t key = at + 1;
    const bool has_one_member = key < tokens_[at].end && tokens_[key + 1].end == tokens_[at].end;
    if (has_one_member && is_form(tokens_[key].text)) return write_form(tokens_[key].text, key + 1);
    out_ += R"({"M":)";
    write_members(at);
    out_ += '}';
  }

  void write_members(std::size_t at) {
    std::set<std::string_view> names;
    out_ += '{';
    for (std::size_t key = at + 1; key < tokens_[at].end; key = tokens_[key + 1].end) {
      if (!names.insert(tokens_[key].text).second) fail(key, "\"" + tokens_[key].text + "\" appears twice");
      if (key > at + 1) out_ += ',';
      json::append_string(tokens_[key].text, out_);
      out_ += ':';
      write_value(key + 1);
    }
    out_ += '}';
  }

  void write_form(const std::string& name, std::size_t content) {
    const Token& token = tokens_[content];
    out_ += "{\"" + name.substr(1) + "\":";
    if (name == "$M") {
      if (token.kind != TokenKind::kObject) fail(content, "$M takes an object");
      write_members(content);
    } else if (name == "$B" || name == "$N") {
      write_scalar(name, content);
    } else {
      if (token.kind != TokenKind::kArray) fail(content, name + " takes an array");
      out_ += '[';
      for (std::size_t member = content + 1; member < token.end; member = tokens_[member].end) {
        if (member > content + 1) out_ += ',';
        write_scalar(name, member);
      }
      out_ += ']';
    }
    out_ += '}';
  }

  void write_scalar(const std::string& form, std::size_t at) {
    const Token& token = tokens_[at];
    if (form == "$NS" && token.kind == TokenKind::kNumber) return write_number(at);
    if (form == "$NS" && token.kind == TokenKind::kObject && tokens_[at + 1].text == "$N" && token.end == at + 3)
      return write_scalar("$N", at + 2);
    const bool is_number = form == "$N" || form == "$NS";
    if (token.kind != TokenKind::kString || form == "$NS")
      fail(at, form + (is_number ? " takes numbers" : form == "$SS" ? " takes strings" : " takes base64"));
    if ((form == "$B" || form == "$BS") && !core::base64_decoded_size(token.text))
      fail(at, "\"" + token.text.substr(0, 60) + "\" is not base64");
    json::append_string(token.text, out_);
  }

  std::string_view source_;
  std::vector<Token> tokens_;
  std::string out_;
};

bool begins_as_json(std::string_view word) {
  if (word == "true" || word == "false" || word == "null") return true;
  return !word.empty() && (word.front() == '"' || word.front() == '{' || word.front() == '[');
}

/// Whether the whole word is a JSON number: -?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?
bool is_json_number(std::string_view word) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t start = at;
    while (at < word.size() && word[at] >= '0' && word[at] <= '9') ++at;
    return at - start;
  };
  if (at < word.size() && word[at] == '-') ++at;
  const bool begins_with_zero = at < word.size() && word[at] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (begins_with_zero && whole > 1)) return false;
  if (at < word.size() && word[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < word.size() && (word[at] == 'e' || word[at] == 'E')) {
    ++at;
    if (at < word.size() && (word[at] == '+' || word[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == word.size();
}

}  // namespace

void append_plain_value(const json::Value& wire, std::string& out) {
  json::Object object;
  if (wire.get(object) != simdjson::SUCCESS || object.size() != 1)
    throw std::runtime_error("the reply holds a value that is not an attribute value");
  const auto [type, content] = *object.begin();
  if (type == "S" || type == "BOOL") {
    out += simdjson::minify(content);
  } else if (type == "N") {
    append_number_or_form(content.get_string().value(), out);
  } else if (type == "NULL") {
    out += "null";
  } else if (type == "L") {
    append_list(content.get_array().value(), out);
  } else if (type == "M") {
    append_map(content.get_object().value(), out);
  } else if (type == "B" || type == "SS" || type == "NS" || type == "BS") {
    append_form("$" + std::string(type), content, out);
  } else {
    throw std::runtime_error("the reply holds a value of the unknown type " + std::string(type));
  }
}

void append_plain_item(const json::Object& wire, std::string& out) {
  out += '{';
  bool first = true;
  for (const auto member : wire) {
    if (!first) out += ',';
    first = false;
    json::append_string(member.key, out);
    out += ':';
    append_plain_value(member.value, out);
  }
  out += '}';
}

std::string wire_item(std::string_view plain_item) { return WireWriter(plain_item).item(); }

std::string wire_value(std::string_view plain_value) { return WireWriter(plain_value).value(); }

std::string wire_value_of_word(std::string_view word) {
  if (begins_as_json(word) || is_json_number(word)) return wire_value(word);
  std::string out = R"({"S":)";
  json::append_string(word, out);
  return out + "}";
}

}  // namespace stator::toolkit
