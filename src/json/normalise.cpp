#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <set>
#include <vector>

#include "core/api_error.h"
#include "core/base64.h"
#include "core/limits.h"
#include "json/item.h"
#include "json/scalars.h"
#include "json/writer.h"

namespace stator::json {
namespace {

using core::AttributeType;

/// Sets of up to this many members need no heap allocation.
constexpr std::size_t kSmallCollection = 16;

template <class Member>
using Members = boost::container::small_vector<Member, kSmallCollection>;

constexpr std::string_view kEmptyValue =
    "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
constexpr std::string_view kSeveralTypes =
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes";
constexpr std::string_view kTooDeep =
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit";

unsigned bit_of(AttributeType type) { return 1U << static_cast<unsigned>(type); }

/// An attribute value's one known type and its content.
struct Typed {
  AttributeType type = AttributeType::kNull;
  Value content;
};

/// Orders strict base64 texts by the bytes that they encode.
struct Base64Less {
  static int rank(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;  // padding sorts first: the shorter value is the smaller
  }
  bool operator()(std::string_view left, std::string_view right) const {
    return std::ranges::lexicographical_compare(left, right, {}, rank, rank);
  }
};

/// Sorts a set in the service's order. Returns whether a member occurs twice.
template <class Member, class Less = std::less<>>
bool sort_finding_duplicates(Members<Member>& members, Less less = {}) {
  std::sort(members.begin(), members.end(), less);
  return std::adjacent_find(members.begin(), members.end()) != members.end();
}

std::string joined(const std::vector<std::string_view>& members, std::string_view separator, std::string_view quote) {
  std::string text = "[";
  for (const std::string_view member : members) {
    if (text.size() > 1) {
      text += separator;
    }
    ((text += quote) += member) += quote;
  }
  return text += "]";
}

/// The members in the order in which the current layer's message lists them: sorted up to the first repeated one, then
/// that one, then the rest as sent. (The layer fills a sorted set and stops at the first member that the set already
/// contains.)
template <class Less>
std::vector<std::string_view> sorted_up_to_duplicate(const std::vector<std::string_view>& members, Less less) {
  std::set<std::string_view, Less> seen(less);
  auto next = members.begin();
  while (next != members.end() && seen.insert(*next).second) {
    ++next;
  }
  std::vector<std::string_view> listed(seen.begin(), seen.end());
  listed.insert(listed.end(), next, members.end());
  return listed;
}

/// Whether the text is a canonical integer: few digits, no leading zero. Most numbers on the wire are.
bool is_canonical_integer(std::string_view text) {
  const std::size_t sign = !text.empty() && text[0] == '-' ? 1 : 0;
  const std::size_t digits = text.size() - sign;
  if (digits == 0 || digits > static_cast<std::size_t>(core::kMaxNumberDigits)) {
    return false;
  }
  if (text[sign] == '0') {
    return digits == 1 && sign == 0;
  }
  return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(sign), text.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

/// Writes canonical attribute values to one string. Each function returns the DynamoDB size of what it wrote.
class Normaliser {
 public:
  Normaliser(std::string& out, const ValueRules& rules) : out_(out), rules_(rules) {}

  std::size_t value(const Value& wire, std::size_t depth);
  /// Writes an object with all its members; the size includes names and values.
  std::size_t members(const Object& object, std::size_t depth, std::size_t& count);
  Typed pick(const Value& wire, std::size_t depth) const;

 private:
  std::size_t content(const Typed& typed, std::size_t depth);
  std::size_t number(std::string_view text);
  std::size_t string_set(const Array& array);
  std::size_t number_set(const Array& array);
  std::size_t binary_set(const Array& array);
  std::size_t list(const Array& array, std::size_t depth);
  std::size_t map(const Object& object, std::size_t depth);
  std::size_t member(std::string_view name, const Value& wire, bool first, std::size_t depth);
  [[noreturn]] void refuse_several_types(const Object& object, std::size_t depth) const;
  [[nodiscard]] core::Number parse_number(std::string_view text) const;

  std::string& out_;
  const ValueRules& rules_;
};

Typed Normaliser::pick(const Value& wire, std::size_t depth) const {
  if (depth > rules_.max_levels) {
    core::throw_validation(std::string(kTooDeep));
  }
  if (wire.is_null()) {
    core::throw_validation(std::string(kEmptyValue));
  }
  const Object object(wire);
  Typed typed;
  unsigned present = 0;
  for (const auto [key, content] : object) {
    const std::optional<AttributeType> type = core::type_from_name(key);
    if (!type) {
      continue;
    }
    if (content.is_null()) {
      continue;
    }
    present |= bit_of(*type);
    typed = {*type, content};
  }
  if (present == 0) {
    core::throw_validation(std::string(kEmptyValue));
  }
  if ((present & (present - 1)) != 0) {
    refuse_several_types(object, depth);
  }
  return typed;
}

void Normaliser::refuse_several_types(const Object& object, std::size_t depth) const {
  // The service first checks the value of each type, in the order of its model, and reports the first fault there.
  constexpr AttributeType kModelOrder[] = {
      AttributeType::kString, AttributeType::kBinary,    AttributeType::kNumber,    AttributeType::kBoolean,
      AttributeType::kNull,   AttributeType::kBinarySet, AttributeType::kNumberSet, AttributeType::kStringSet,
      AttributeType::kList,   AttributeType::kMap};
  std::string scratch;
  for (const AttributeType type : kModelOrder) {
    Typed typed{type, {}};
    if (find_member(object, core::type_name(type), typed.content)) {
      Normaliser(scratch, rules_).content(typed, depth);
    }
  }
  core::throw_validation(std::string(kSeveralTypes));
}

std::size_t Normaliser::value(const Value& wire, std::size_t depth) { return content(pick(wire, depth), depth); }

std::size_t Normaliser::content(const Typed& typed, std::size_t depth) {
  std::size_t size = 0;
  switch (typed.type) {
    case AttributeType::kString: {
      const std::string_view text(typed.content);
      out_ += R"({"S":)";
      append_string(text, out_);
      size = text.size();
      break;
    }
    case AttributeType::kNumber: {
      out_ += R"({"N":")";
      size = number(std::string_view(typed.content));
      out_ += '"';
      break;
    }
    case AttributeType::kBinary: {
      const std::string_view text(typed.content);
      out_.append(R"({"B":")").append(text) += '"';
      size = core::base64_size(text);
      break;
    }
    case AttributeType::kStringSet:
      out_ += R"({"SS":[)";
      size = string_set(Array(typed.content));
      out_ += ']';
      break;
    case AttributeType::kNumberSet:
      out_ += R"({"NS":[)";
      size = number_set(Array(typed.content));
      out_ += ']';
      break;
    case AttributeType::kBinarySet:
      out_ += R"({"BS":[)";
      size = binary_set(Array(typed.content));
      out_ += ']';
      break;
    case AttributeType::kMap:
      out_ += R"({"M":)";
      size = map(Object(typed.content), depth);
      break;
    case AttributeType::kList:
      out_ += R"({"L":[)";
      size = list(Array(typed.content), depth);
      out_ += ']';
      break;
    case AttributeType::kBoolean:
      out_ += read_boolean(typed.content) ? R"({"BOOL":true)" : R"({"BOOL":false)";
      size = 1;
      break;
    case AttributeType::kNull:
      if (!read_boolean(typed.content)) {
        core::throw_invalid_parameters("Null attribute value types must have the value of true");
      }
      out_ += R"({"NULL":true)";
      size = 1;
      break;
  }
  out_ += '}';
  return size;
}

std::size_t Normaliser::number(std::string_view text) {
  if (is_canonical_integer(text)) {
    out_ += text;
    return core::Number::size_bytes_of_canonical(text);
  }
  const core::Number value = parse_number(text);
  value.append_to(out_);
  return value.size_bytes();
}

core::Number Normaliser::parse_number(std::string_view text) const {
  return rules_.older ? core::Number::parse_older(text) : core::Number::parse(text);
}

std::size_t Normaliser::string_set(const Array& array) {
  Members<std::string_view> texts;
  std::size_t size = 0;
  for (const Value& element : array) {
    if (element.is_null()) {
      core::throw_invalid_parameters("An string set may not have a null string as a member");
    }
    texts.push_back(std::string_view(element));
    size += texts.back().size();
  }
  if (texts.empty()) {
    core::throw_invalid_parameters("An string set  may not be empty");
  }
  if (sort_finding_duplicates(texts)) {
    std::vector<std::string_view> sent;
    for (const Value& element : array) {
      sent.emplace_back(element);
    }
    core::throw_invalid_parameters(
        "Input collection " +
            (rules_.older ? joined(sent, ", ", "") : joined(sorted_up_to_duplicate(sent, std::less<>()), ", ", "\"")) +
            " contains duplicates.",
        core::Fault::kDuplicateMembers);
  }
  for (const std::string_view text : texts) {
    append_string(text, out_);
    out_ += ',';
  }
  out_.pop_back();
  return size;
}

std::size_t Normaliser::number_set(const Array& array) {
  Members<core::Number> numbers;
  std::size_t size = 0;
  for (const Value& element : array) {
    numbers.push_back(parse_number(element.is_null() ? std::string_view() : std::string_view(element)));
    size += numbers.back().size_bytes();
  }
  if (numbers.empty()) {
    core::throw_invalid_parameters("An number set  may not be empty", core::Fault::kNumber);
  }
  if (sort_finding_duplicates(numbers)) {
    if (rules_.older) {
      core::throw_validation("Input collection contains duplicates", core::Fault::kDuplicateMembers);
    }
    core::throw_invalid_parameters("Input collection contains duplicates.", core::Fault::kDuplicateMembers);
  }
  for (const core::Number& value : numbers) {
    out_ += '"';
    value.append_to(out_);
    out_ += "\",";
  }
  out_.pop_back();
  return size;
}

std::size_t Normaliser::binary_set(const Array& array) {
  Members<std::string_view> texts;
  std::size_t size = 0;
  for (const Value& element : array) {
    if (element.is_null()) {
      core::throw_invalid_parameters("An binary set may not have a null binary as a member");
    }
    texts.push_back(std::string_view(element));
    size += core::base64_size(texts.back());
  }
  if (texts.empty()) {
    core::throw_invalid_parameters("Binary sets should not be empty");
  }
  if (sort_finding_duplicates(texts, Base64Less())) {
    std::vector<std::string_view> sent;
    for (const Value& element : array) {
      sent.emplace_back(element);
    }
    core::throw_invalid_parameters(
        "Input collection " +
            (rules_.older ? joined(sent, ", ", "") : joined(sorted_up_to_duplicate(sent, Base64Less()), ",", "\"")) +
            "of type BS contains duplicates.",
        core::Fault::kDuplicateMembers);
  }
  for (const std::string_view text : texts) {
    ((out_ += '"') += text) += "\",";
  }
  out_.pop_back();
  return size;
}

std::size_t Normaliser::list(const Array& array, std::size_t depth) {
  std::size_t size = core::kContainerSizeBytes;
  bool first = true;
  for (const Value& element : array) {
    if (!first) {
      out_ += ',';
    }
    first = false;
    size += core::kElementSizeBytes + value(element, depth + 1);
  }
  return size;
}

std::size_t Normaliser::map(const Object& object, std::size_t depth) {
  std::size_t count = 0;
  const std::size_t size = members(object, depth + 1, count);
  return core::kContainerSizeBytes + count * core::kElementSizeBytes + size;
}

std::size_t Normaliser::member(std::string_view name, const Value& wire, bool first, std::size_t depth) {
  if (!first) {
    out_ += ',';
  }
  append_string(name, out_);
  out_ += ':';
  const std::size_t value_size = value(wire, depth);
  check_attribute_name(name);
  return name.size() + value_size;
}

std::size_t Normaliser::members(const Object& object, std::size_t depth, std::size_t& count) {
  std::size_t size = 0;
  count = 0;
  out_ += '{';
  for (const auto [name, value] : object) {
    size += member(name, value, count == 0, depth);
    ++count;
  }
  out_ += '}';
  return size;
}

}  // namespace

void check_attribute_name(std::string_view name) {
  if (name.empty())
    core::throw_validation("1 validation error detected: Empty attribute name", core::Fault::kEmptyAttributeName);
  if (name.size() > core::kMaxAttributeNameSizeBytes) {
    core::throw_validation("1 validation error detected: Attribute name is too large, must be less than 65536 bytes",
                           core::Fault::kLongAttributeName);
  }
}

std::size_t append_normalised(const Value& wire, std::string& out, const ValueRules& rules) {
  return Normaliser(out, rules).value(wire, 1);
}

core::AttributeValue read_value(const Value& wire, const ValueRules& rules) {
  std::string stored;
  const Typed typed = Normaliser(stored, rules).pick(wire, 1);
  switch (typed.type) {
    case AttributeType::kString:
      return core::AttributeValue::string(std::string(std::string_view(typed.content)));
    case AttributeType::kNumber: {
      const std::string_view text(typed.content);
      return core::AttributeValue::number(rules.older ? core::Number::parse_older(text) : core::Number::parse(text));
    }
    default:
      append_normalised(wire, stored, rules);
      return parse_stored(stored);
  }
}

EncodedItem normalise_item(const Object& wire, const ValueRules& rules) {
  constexpr std::size_t kUsualItemBytes = 512;
  EncodedItem item;
  item.json.reserve(kUsualItemBytes);
  std::size_t count = 0;
  item.size_bytes = Normaliser(item.json, rules).members(wire, 1, count);
  return item;
}

}  // namespace stator::json
