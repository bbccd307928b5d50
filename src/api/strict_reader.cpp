#include "api/strict_reader.h"

#include <array>
#include <optional>
#include <string>

#include "core/api_error.h"

namespace stator::api {
namespace {

using shapes::Kind;
using Type = simdjson::dom::element_type;

/// Finds positions of members in a text that is known to be valid JSON.
class Text {
 public:
  explicit Text(std::string_view text) : text_(text) {}

  /// The position before the value of the object's member number `member` or, if `read`, after it.
  [[nodiscard]] std::size_t value_of(std::size_t member, bool read) {
    at_ = 0;
    skip_to('{');
    ++at_;
    for (std::size_t i = 0;; ++i) {
      skip_to('"');
      skip_value();
      skip_to(':');
      ++at_;
      skip_space();
      if (i == member && !read) return at_;
      skip_value();
      if (i == member) return at_;
    }
  }
  /// The position after the object.
  [[nodiscard]] std::size_t end() {
    at_ = 0;
    skip_to('{');
    skip_value();
    return at_;
  }

 private:
  [[nodiscard]] char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (at_ < text_.size() && (here() == ' ' || here() == '\n' || here() == '\r' || here() == '\t')) ++at_;
  }
  void skip_to(char wanted) {
    while (at_ < text_.size() && here() != wanted) ++at_;
  }
  void skip_string() {
    for (++at_; at_ < text_.size() && here() != '"'; ++at_) {
      if (here() == '\\') ++at_;
    }
    ++at_;
  }
  void skip_value() {
    std::size_t depth = 0;
    do {
      const char c = here();
      if (c == '"') {
        skip_string();
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      if (c == '{' || c == '[' || c == '}' || c == ']' || c == ',' || c == ':') {
        ++at_;
        continue;
      }
      skip_scalar();
    } while (depth > 0 && at_ < text_.size());
  }
  /// Skips a number, a word or white space.
  void skip_scalar() {
    const std::size_t end = text_.find_first_of(",:{}[]\" \n\r\t", at_);
    at_ = end == at_ ? at_ + 1 : std::min(end, text_.size());
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string place(std::string_view body, std::size_t at) {
  const std::string_view before = body.substr(0, at);
  std::size_t line = 1;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] != '\n') continue;
    ++line;
    begin = i + 1;
  }
  return " at line " + std::to_string(line) + " column " + std::to_string(at - begin);
}

/// What the service's reader says it expects; nullopt if it accepts the value.
std::optional<std::string_view> expectation(const shapes::Shape& shape, const json::Value& value) {
  switch (shape.kind) {
    case Kind::kString:
      return value.is_string() ? std::nullopt : std::optional<std::string_view>("a string");
    case Kind::kInteger:
      return value.is_int64() && std::in_range<std::int32_t>(std::int64_t(value))
                 ? std::nullopt
                 : std::optional<std::string_view>("i32");
    case Kind::kList:
      return value.is_array() ? std::nullopt : std::optional<std::string_view>("a sequence");
    case Kind::kMap:
      return value.is_object() ? std::nullopt : std::optional<std::string_view>("a map");
    default:
      return std::nullopt;
  }
}

std::string found(const json::Value& value) {
  switch (value.type()) {
    case Type::NULL_VALUE:
      return "null";
    case Type::BOOL:
      return bool(value) ? "boolean `true`" : "boolean `false`";
    case Type::STRING:
      return "string " + simdjson::minify(value);
    case Type::DOUBLE:
      return "floating point `" + simdjson::minify(value) + "`";
    case Type::ARRAY:
      return "sequence";
    case Type::OBJECT:
      return "map";
    default:
      return "integer `" + simdjson::minify(value) + "`";
  }
}

void check_member(const shapes::Member& member, const json::Value& value, std::string_view body, std::size_t at) {
  const bool required = member.presence != shapes::Presence::kOptional;
  if (value.is_null() && !required) return;
  const auto expected = expectation(*member.shape, value);
  if (!expected) return;
  const bool integer_for_integer = member.shape->kind == Kind::kInteger && (value.is_int64() || value.is_uint64());
  const bool opened_only = value.is_array() || value.is_object();
  core::throw_serialization((integer_for_integer ? "invalid value: " : "invalid type: ") + found(value) +
                            ", expected " + std::string(*expected) +
                            place(body, Text(body).value_of(at, !opened_only)));
}

}  // namespace

void check_strictly(const Operation& operation, const json::Object& object, std::string_view body) {
  const shapes::Shape& shape = *operation.input;
  const auto known = [&shape](std::string_view name) -> std::optional<std::size_t> {
    const std::uint8_t found = shape.index->find(name);
    if (found == shapes::MemberIndex::kEmpty || shape.members[found].name != name) return std::nullopt;
    return found;
  };
  // Of two members with the same name the last counts, as in every operation.
  std::uint32_t present = 0;
  std::array<std::size_t, 32> last{};
  std::size_t at = 0;
  for (const auto field : object) {
    if (const auto member = known(field.key)) {
      present |= 1U << *member;
      last[*member] = at;
    }
    ++at;
  }
  at = 0;
  for (const auto field : object) {
    const auto member = known(field.key);
    if (member && last[*member] == at) check_member(shape.members[*member], field.value, body, at);
    ++at;
  }
  for (std::size_t i = 0; i < shape.members.size(); ++i) {
    if ((shape.required & ~present & 1U << i) == 0) continue;
    core::throw_validation("missing field `" + std::string(shape.members[i].name) + "`" +
                           place(body, Text(body).end()));
  }
}

}  // namespace stator::api
