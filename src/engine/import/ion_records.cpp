#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "engine/import/record_reader.h"
#include "json/object_writer.h"
#include "json/writer.h"

namespace stator::engine {
namespace {

/// Thrown if the text ends within a value and more may follow.
struct TextEnds {};
/// Thrown for text that is not Ion; text after it cannot be read.
struct NoIon {
  std::string why;
};

constexpr std::size_t kMaxDepth = 64;

/// The members of a record whose values are structs of attributes.
constexpr std::array<std::string_view, 5> kMembersOfAttributes = {"Item", "ExpressionAttributeValues", "Keys",
                                                                  "NewImage", "OldImage"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads Ion text, one value after the other, and converts it to DynamoDB JSON. Values of types that DynamoDB lacks are
/// skipped and reported by `fault`.
/// Grammar: https://amazon-ion.github.io/ion-docs/docs/spec.html.
class IonText {
 public:
  IonText(std::string_view text, bool at_end) : text_(text), at_end_(at_end) {}

  [[nodiscard]] std::size_t position() const { return at_; }
  /// What is wrong with the first value that DynamoDB cannot store; empty if there is none.
  [[nodiscard]] const std::string& fault() const { return fault_; }

  /// Moves to the next top-level value, past version markers and the brackets and commas of lists. False at the end.
  bool find_record() {
    for (;;) {
      skip_space();
      if (at_ == text_.size()) {
        if (!at_end_) throw TextEnds();
        return false;
      }
      const char c = text_[at_];
      if (c == '[' || c == ']' || c == ',') {
        ++at_;
      } else if (is_letter(c)) {
        if (token() != "$ion_1_0") throw NoIon{"a struct was expected"};
      } else {
        return true;
      }
    }
  }

  /// Reads a struct with Item and other members, or a change of an incremental export: Record:{Keys:{…},NewImage:{…}}.
  void read_record(std::string& out) {
    if (next_char() != '{' || peek(1) == '{') throw NoIon{"a struct was expected"};
    json::ObjectWriter record(out);
    read_struct([&](const std::string& name) {
      std::string& member = record.member(name);
      if (std::ranges::find(kMembersOfAttributes, name) != kMembersOfAttributes.end()) {
        read_attributes(member);
      } else if (name == "Record" && next_char() == '{') {
        read_record(member);
      } else {
        read_plain(member);
      }
    });
    record.end();
  }

 private:
  // --- characters ---------------------------------------------------------------------------------------------

  /// The character `ahead` positions after the next one; 0 after the last. Throws TextEnds if it is not available yet.
  char peek(std::size_t ahead = 0) {
    if (at_ + ahead < text_.size()) return text_[at_ + ahead];
    if (!at_end_) throw TextEnds();
    return '\0';
  }

  [[noreturn]] void ends_within() const {
    if (!at_end_) throw TextEnds();
    throw NoIon{"the text ends within a value"};
  }

  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  bool accept(std::string_view word) {
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (peek(i) != word[i]) return false;
    }
    at_ += word.size();
    return true;
  }

  /// Skips white space and comments.
  void skip_space() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || (c >= '\t' && c <= '\r')) {
        ++at_;
      } else if (c == '/' && peek(1) == '/') {
        const std::size_t end = text_.find('\n', at_);
        if (end == std::string_view::npos && !at_end_) throw TextEnds();
        at_ = std::min(end, text_.size());
      } else if (c == '/' && peek(1) == '*') {
        const std::size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) ends_within();
        at_ = end + 2;
      } else {
        return;
      }
    }
  }

  char next_char() {
    skip_space();
    if (at_ == text_.size()) ends_within();
    return text_[at_];
  }

  /// Reads letters, digits and the other characters of numbers and timestamps.
  std::string_view token() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]) || text_[at_] == '.' ||
                                  text_[at_] == '+' || text_[at_] == '-' || text_[at_] == ':')) {
      // The colons of a timestamp follow a digit at the start of the token, those of a field's name or an annotation do
      // not.
      if (text_[at_] == ':' && !(at_ > begin && is_digit(text_[begin]))) break;
      ++at_;
    }
    if (at_ == text_.size() && !at_end_) throw TextEnds();
    if (at_ == begin) throw NoIon{std::string("unexpected character ") + text_[begin]};
    return text_.substr(begin, at_ - begin);
  }

  std::string_view identifier() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    if (at_ == text_.size() && !at_end_) throw TextEnds();
    return text_.substr(begin, at_ - begin);
  }

  // --- texts --------------------------------------------------------------------------------------------------

  void append_escape(std::string& out) {
    const char c = peek();
    ++at_;
    switch (c) {
      case '0':
        out.push_back('\0');
        return;
      case 'a':
        out.push_back('\a');
        return;
      case 'b':
        out.push_back('\b');
        return;
      case 't':
        out.push_back('\t');
        return;
      case 'n':
        out.push_back('\n');
        return;
      case 'f':
        out.push_back('\f');
        return;
      case 'r':
        out.push_back('\r');
        return;
      case 'v':
        out.push_back('\v');
        return;
      case '\r':
        accept('\n');
        return;
      case '\n':
        return;
      case 'x':
        append_code_point(hex(2), out);
        return;
      case 'u':
        append_code_point(utf16_pair(hex(4)), out);
        return;
      case 'U':
        append_code_point(hex(8), out);
        return;
      default:
        if (std::string_view("\"'\\/?").find(c) == std::string_view::npos) throw NoIon{"an unknown escape"};
        out.push_back(c);
    }
  }

  std::uint32_t hex(std::size_t digits) {
    peek(digits - 1);
    std::uint32_t value = 0;
    const char* const begin = text_.data() + std::min(at_, text_.size());
    const char* const end = text_.data() + std::min(at_ + digits, text_.size());
    const auto [read_to, error] = std::from_chars(begin, end, value, 16);
    if (error != std::errc() || read_to != begin + digits) throw NoIon{"an escape without its digits"};
    at_ += digits;
    return value;
  }

  std::uint32_t utf16_pair(std::uint32_t unit) {
    if (unit < 0xD800 || unit > 0xDBFF) return unit;
    if (!accept("\\u")) throw NoIon{"half of a surrogate pair"};
    const std::uint32_t low = hex(4);
    if (low < 0xDC00 || low > 0xDFFF) throw NoIon{"half of a surrogate pair"};
    return 0x10000 + ((unit - 0xD800) << 10U) + (low - 0xDC00);
  }

  static void append_code_point(std::uint32_t point, std::string& out) {
    if (point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) throw NoIon{"an escape for no character"};
    if (point < 0x80) {
      out.push_back(static_cast<char>(point));
    } else if (point < 0x800) {
      out.push_back(static_cast<char>(0xC0 | point >> 6U));
      out.push_back(static_cast<char>(0x80 | (point & 0x3FU)));
    } else if (point < 0x10000) {
      out.push_back(static_cast<char>(0xE0 | point >> 12U));
      out.push_back(static_cast<char>(0x80 | (point >> 6U & 0x3FU)));
      out.push_back(static_cast<char>(0x80 | (point & 0x3FU)));
    } else {
      out.push_back(static_cast<char>(0xF0 | point >> 18U));
      out.push_back(static_cast<char>(0x80 | (point >> 12U & 0x3FU)));
      out.push_back(static_cast<char>(0x80 | (point >> 6U & 0x3FU)));
      out.push_back(static_cast<char>(0x80 | (point & 0x3FU)));
    }
  }

  /// Reads a quoted text; the position is after the opening quote.
  std::string quoted(char quote) {
    std::string text;
    for (;;) {
      const std::size_t end = text_.find_first_of(quote == '"' ? "\"\\" : "'\\", at_);
      if (end == std::string_view::npos) ends_within();
      text.append(text_.substr(at_, end - at_));
      at_ = end + 1;
      if (text_[end] == quote) return text;
      append_escape(text);
    }
  }

  /// Reads one or more segments in triple quotes; the position is at the first quote.
  std::string long_string() {
    std::string text;
    while (accept("'''")) {
      for (;;) {
        const std::size_t end = text_.find_first_of("'\\", at_);
        if (end == std::string_view::npos) ends_within();
        text.append(text_.substr(at_, end - at_));
        at_ = end;
        if (accept("'''")) break;
        ++at_;
        if (text_[end] == '\'') {
          text.push_back('\'');
        } else {
          append_escape(text);
        }
      }
      skip_space();
      if (at_ == text_.size()) {
        if (!at_end_) throw TextEnds();
        break;
      }
    }
    return text;
  }

  bool at_long_string() { return peek() == '\'' && peek(1) == '\'' && peek(2) == '\''; }

  std::string field_name() {
    const char c = next_char();
    if (c == '"') {
      ++at_;
      return quoted('"');
    }
    if (c == '\'') {
      if (at_long_string()) return long_string();
      ++at_;
      return quoted('\'');
    }
    const std::string_view name = identifier();
    if (name.empty()) throw NoIon{"a field without a name"};
    return std::string(name);
  }

  // --- values -------------------------------------------------------------------------------------------------

  template <class Visit>
  void read_struct(Visit visit) {
    const Nested nested(*this);
    ++at_;
    while (next_char() != '}') {
      const std::string name = field_name();
      if (next_char() != ':') throw NoIon{"a colon was expected"};
      ++at_;
      visit(name);
      if (next_char() == ',') {
        ++at_;
      } else if (text_[at_] != '}') {
        throw NoIon{"a comma was expected"};
      }
    }
    ++at_;
  }

  template <class Visit>
  void read_list(char close, Visit visit) {
    const Nested nested(*this);
    ++at_;
    while (next_char() != close) {
      visit();
      if (next_char() == ',') {
        ++at_;
      } else if (text_[at_] != close && close == ']') {
        throw NoIon{"a comma was expected"};
      }
    }
    ++at_;
  }

  /// Reads the attributes of an item.
  void read_attributes(std::string& out) {
    if (next_char() != '{' || peek(1) == '{') {
      note("the item is not a struct");
      read_value(out);
      return;
    }
    json::ObjectWriter attributes(out);
    read_struct([&](const std::string& name) { read_value(attributes.member(name)); });
    attributes.end();
  }

  /// Reads a text, or a struct of texts and structs; writes null for other values.
  void read_plain(std::string& out) {
    const char c = next_char();
    if (c == '"' || (c == '\'' && at_long_string())) {
      json::append_string(read_text(), out);
    } else if (c == '{' && peek(1) != '{') {
      json::ObjectWriter members(out);
      read_struct([&](const std::string& name) { read_plain(members.member(name)); });
      members.end();
    } else {
      std::string unused;
      const std::string fault = std::move(fault_);
      read_value(unused);
      fault_ = fault;  // unused members may have any type
      out += "null";
    }
  }

  std::string read_text() {
    if (text_[at_] == '\'') return long_string();
    ++at_;
    return quoted('"');
  }

  void read_value(std::string& out) {
    const char c = next_char();
    if (c == '{') {
      peek(1) == '{' ? read_lob(out) : read_map(out);
    } else if (c == '[') {
      read_plain_list(out);
    } else if (c == '(') {
      refuse("sexp", out);
      read_list(')', [this] {
        std::string unused;
        read_value(unused);
      });
    } else if (c == '"' || (c == '\'' && at_long_string())) {
      typed(out, 'S', [&](std::string& text) { json::append_string(read_text(), text); });
    } else if (c == '\'') {
      ++at_;
      read_symbol(quoted('\''), true, out);
    } else if (is_letter(c)) {
      read_symbol(std::string(identifier()), false, out);
    } else if (is_digit(c) || c == '-' || c == '+') {
      read_number(out);
    } else {
      throw NoIon{std::string("unexpected character ") + c};
    }
  }

  template <class Append>
  static void typed(std::string& out, char type, Append append) {
    out.append("{\"").push_back(type);
    out.append("\":");
    append(out);
    out.push_back('}');
  }

  void refuse(std::string_view type, std::string& out) {
    note("DynamoDB has no type for Ion's " + std::string(type));
    out += "{\"NULL\":true}";
  }

  void note(std::string what) {
    if (fault_.empty()) fault_ = std::move(what);
  }

  void read_map(std::string& out) {
    typed(out, 'M', [&](std::string& text) {
      json::ObjectWriter members(text);
      read_struct([&](const std::string& name) { read_value(members.member(name)); });
      members.end();
    });
  }

  void read_plain_list(std::string& out) {
    typed(out, 'L', [&](std::string& text) {
      json::ArrayWriter elements(text);
      read_list(']', [&] { read_value(elements.element()); });
      elements.end();
    });
  }

  /// Reads a set: a list of scalars of one type.
  void read_set(char type, std::string& out) {
    if (next_char() != '[') {
      note("a set is not a list");
      read_value(out);
      return;
    }
    out.append("{\"").push_back(type);
    out.append("S\":");
    json::ArrayWriter members(out);
    read_list(']', [&] {
      std::string value;
      read_value(value);
      // A value such as {"S":…}, of which only the part after the head is copied.
      const std::string head = std::string("{\"") + type + "\":";
      if (value.starts_with(head)) {
        members.element().append(value, head.size(), value.size() - head.size() - 1);
      } else {
        note("a member of a set has another type");
        members.element() += "\"\"";
      }
    });
    members.end();
    out.push_back('}');
  }

  void read_symbol(const std::string& text, bool in_quotes, std::string& out) {
    if (!in_quotes && (text == "true" || text == "false")) {
      out.append("{\"BOOL\":").append(text).push_back('}');
      return;
    }
    if (!in_quotes && text == "null") {
      if (at_ < text_.size() && text_[at_] == '.') {
        ++at_;
        identifier();
      }
      out += "{\"NULL\":true}";
      return;
    }
    if (!in_quotes && text == "nan") return refuse("float", out);
    skip_space();
    if (at_ == text_.size() && !at_end_) throw TextEnds();
    if (at_ == text_.size() || text_[at_] != ':' || peek(1) != ':') return refuse("symbol", out);
    at_ += 2;
    if (text == "$dynamodb_SS") return read_set('S', out);
    if (text == "$dynamodb_NS") return read_set('N', out);
    if (text == "$dynamodb_BS") return read_set('B', out);
    read_value(out);  // other annotations are ignored
  }

  void read_number(std::string& out) {
    const std::string_view number = token();
    std::string text;
    bool has_point = false;
    for (const char c : number.substr(number.starts_with('-') || number.starts_with('+') ? 1 : 0)) {
      if (c == ':' || c == 'T' || c == 'Z') return refuse("timestamp", out);
      if (c == 'x' || c == 'b' || c == 'X' || c == 'B') return refuse("int in another base", out);
      if (c == 'e' || c == 'E' || c == 'i' || c == 'n') return refuse("float", out);
      has_point = has_point || c == '.';
    }
    // 2000T was handled above; 2020-01-01 is a timestamp, too.
    const std::size_t dash = number.find('-', 1);
    if (dash != std::string_view::npos && number[dash - 1] != 'd' && number[dash - 1] != 'D') {
      return refuse("timestamp", out);
    }
    for (std::size_t i = 0; i < number.size(); ++i) {
      const char c = number[i];
      if (c == '_') continue;
      // "103." and "1.d3" have a point without digits after it.
      if (c == '.' && (i + 1 == number.size() || !is_digit(number[i + 1]))) continue;
      text.push_back(c == 'd' || c == 'D' ? 'E' : c);
    }
    out.append("{\"N\":\"").append(text).append("\"}");
  }

  void read_lob(std::string& out) {
    at_ += 2;
    skip_white();
    if (peek() == '"' || peek() == '\'') {
      refuse("clob", out);
      while (peek() == '"' || peek() == '\'') {
        read_text();
        skip_white();
      }
      if (!accept("}}")) throw NoIon{"a clob without its end"};
      return;
    }
    const std::size_t end = text_.find("}}", at_);
    if (end == std::string_view::npos) ends_within();
    typed(out, 'B', [&](std::string& text) {
      text.push_back('"');
      for (; at_ < end; ++at_) {
        const char c = text_[at_];
        if (c == ' ' || (c >= '\t' && c <= '\r')) continue;
        const bool is_base64 =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '+' || c == '/' || c == '=';
        if (!is_base64) throw NoIon{"a blob is not base64"};
        text.push_back(c);
      }
      text.push_back('"');
    });
    at_ = end + 2;
  }

  /// Skips white space only: blobs and clobs have no comments.
  void skip_white() {
    while (at_ < text_.size() && (text_[at_] == ' ' || (text_[at_] >= '\t' && text_[at_] <= '\r'))) ++at_;
  }

  /// Counts the levels of nesting. Throws NoIon if there are too many.
  class Nested {
   public:
    explicit Nested(IonText& text) : depth_(text.depth_) {
      if (++depth_ > kMaxDepth) throw NoIon{"the value is nested too deeply"};
    }
    ~Nested() { --depth_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;

   private:
    std::size_t& depth_;
  };

  const std::string_view text_;
  const bool at_end_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::string fault_;
};

class IonRecords final : public RecordReader {
 public:
  IonRecords(std::unique_ptr<InputStream> stream, std::uint64_t position) : RecordReader(std::move(stream), position) {}

 protected:
  Parsed parse(std::string_view text, bool at_end, InputRecord& record) override {
    IonText ion(text, at_end);
    std::size_t begin = 0;
    try {
      if (!ion.find_record()) return {Parsed::What::kEnd};
      begin = ion.position();
      ion.read_record(record.json);
    } catch (const TextEnds&) {
      record.json.clear();
      return {Parsed::What::kMore, 0, begin};
    } catch (const NoIon& error) {
      record.json.clear();
      record.fault = error.why;
      return {.what = Parsed::What::kGarbage, .begin = ion.position()};
    }
    if (!ion.fault().empty()) {
      record.json.clear();
      record.fault = ion.fault();
    }
    return {Parsed::What::kRecord, ion.position(), begin};
  }
};

}  // namespace

std::unique_ptr<RecordReader> read_ion_records(std::unique_ptr<InputStream> stream, std::uint64_t position) {
  return std::make_unique<IonRecords>(std::move(stream), position);
}

}  // namespace stator::engine
