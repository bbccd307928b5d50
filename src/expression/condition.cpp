#include <algorithm>

#include "expression/condition_node.h"
#include "expression/path.h"

namespace stator::expression {
namespace {

using core::AttributeType;
using core::AttributeValue;

/// Characters as Java counts them: UTF-16 code units.
std::int64_t length_of(std::string_view utf8) {
  std::int64_t length = 0;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) == 0x80U) continue;
    length += byte >= 0xF0U ? 2 : 1;
  }
  return length;
}

std::optional<std::int64_t> size_of(const AttributeValue& value) {
  const auto count = [](const auto& members) { return static_cast<std::int64_t>(members.size()); };
  switch (value.type()) {
    case AttributeType::kString:
      return length_of(*value.get_if<std::string>());
    case AttributeType::kBinary:
      return count(value.get_if<AttributeValue::Binary>()->bytes);
    case AttributeType::kStringSet:
      return count(value.get_if<AttributeValue::StringSet>()->members);
    case AttributeType::kNumberSet:
      return count(value.get_if<AttributeValue::NumberSet>()->members);
    case AttributeType::kBinarySet:
      return count(value.get_if<AttributeValue::BinarySet>()->members);
    case AttributeType::kMap:
      return count(*value.get_if<AttributeValue::Map>());
    case AttributeType::kList:
      return count(*value.get_if<AttributeValue::List>());
    default:
      return std::nullopt;
  }
}

/// An operand's value against one item; null where the item has none.
class Evaluated {
 public:
  Evaluated(const Operand& operand, const json::Item& item) {
    if (const auto* path = std::get_if<Path>(&operand.source)) {
      value_ = resolve(item, *path);
    } else {
      value_ = &std::get<AttributeValue>(operand.source);
    }
    if (!operand.size || value_ == nullptr) return;
    const auto size = size_of(*value_);
    if (!size) {
      value_ = nullptr;
      return;
    }
    size_ = AttributeValue::number(core::Number(*size));
    value_ = &*size_;
  }
  Evaluated(const Evaluated&) = delete;
  Evaluated& operator=(const Evaluated&) = delete;

  explicit operator bool() const { return value_ != nullptr; }
  const AttributeValue& operator*() const { return *value_; }
  const AttributeValue* operator->() const { return value_; }

 private:
  const AttributeValue* value_ = nullptr;
  std::optional<AttributeValue> size_;
};

bool equal(const Evaluated& left, const Evaluated& right) { return left && right && *left == *right; }

template <class Accepts>
bool ordered(const Evaluated& left, const Evaluated& right, Accepts accepts) {
  if (!left || !right) return false;
  const auto order = core::compare(*left, *right);
  return order && accepts(*order);
}

bool begins_with(const AttributeValue& value, const AttributeValue& prefix) {
  if (const auto* text = value.get_if<std::string>()) {
    const auto* start = prefix.get_if<std::string>();
    return start != nullptr && text->starts_with(*start);
  }
  const auto* binary = value.get_if<AttributeValue::Binary>();
  const auto* start = prefix.get_if<AttributeValue::Binary>();
  return binary != nullptr && start != nullptr && binary->bytes.starts_with(start->bytes);
}

template <class Members, class Member>
bool has(const Members& members, const Member& member) {
  return std::find(members.begin(), members.end(), member) != members.end();
}

/// A part of a string or binary, or a member of a set or list.
bool contains(const AttributeValue& whole, const AttributeValue& part) {
  switch (whole.type()) {
    case AttributeType::kString: {
      const auto* text = part.get_if<std::string>();
      return text != nullptr && whole.get_if<std::string>()->find(*text) != std::string::npos;
    }
    case AttributeType::kBinary: {
      const auto* binary = part.get_if<AttributeValue::Binary>();
      return binary != nullptr &&
             whole.get_if<AttributeValue::Binary>()->bytes.find(binary->bytes) != std::string::npos;
    }
    case AttributeType::kStringSet: {
      const auto* text = part.get_if<std::string>();
      return text != nullptr && has(whole.get_if<AttributeValue::StringSet>()->members, *text);
    }
    case AttributeType::kNumberSet: {
      const auto* number = part.get_if<core::Number>();
      return number != nullptr && has(whole.get_if<AttributeValue::NumberSet>()->members, *number);
    }
    case AttributeType::kBinarySet: {
      const auto* binary = part.get_if<AttributeValue::Binary>();
      return binary != nullptr && has(whole.get_if<AttributeValue::BinarySet>()->members, binary->bytes);
    }
    case AttributeType::kList:
      return has(*whole.get_if<AttributeValue::List>(), part);
    default:
      return false;
  }
}

bool is_true(const ConditionNode& node, const json::Item& item);

bool is_true_test(const ConditionNode& node, const json::Item& item) {
  const Evaluated first(node.operands.front(), item);
  if (node.test == Test::kExists) return static_cast<bool>(first);
  if (node.test == Test::kNotExists) return !first;
  if (node.test == Test::kHasType) return first && first->type() == node.type;
  if (node.test == Test::kIn) {
    return std::any_of(node.operands.begin() + 1, node.operands.end(),
                       [&](const Operand& candidate) { return equal(first, Evaluated(candidate, item)); });
  }
  const Evaluated second(node.operands[1], item);
  switch (node.test) {
    case Test::kEqual:
      return equal(first, second);
    case Test::kNotEqual:
      return !equal(first, second);
    case Test::kLess:
      return ordered(first, second, [](auto order) { return order < 0; });
    case Test::kLessOrEqual:
      return ordered(first, second, [](auto order) { return order <= 0; });
    case Test::kGreater:
      return ordered(first, second, [](auto order) { return order > 0; });
    case Test::kGreaterOrEqual:
      return ordered(first, second, [](auto order) { return order >= 0; });
    case Test::kBeginsWith:
      return first && second && begins_with(*first, *second);
    case Test::kContains:
      return first && second && contains(*first, *second);
    case Test::kNotContains:
      return first && second && !contains(*first, *second);
    case Test::kBetween:
      return ordered(first, second, [](auto order) { return order >= 0; }) &&
             ordered(first, Evaluated(node.operands[2], item), [](auto order) { return order <= 0; });
    default:
      return true;
  }
}

bool is_true(const ConditionNode& node, const json::Item& item) {
  const auto child_is_true = [&](const ConditionNode& child) { return is_true(child, item); };
  switch (node.test) {
    case Test::kAnd:
      return std::all_of(node.children.begin(), node.children.end(), child_is_true);
    case Test::kOr:
      return std::any_of(node.children.begin(), node.children.end(), child_is_true);
    case Test::kNot:
      return !is_true(node.children.front(), item);
    case Test::kAlways:
      return true;
    default:
      return is_true_test(node, item);
  }
}

void collect_attributes(const ConditionNode& node, std::vector<std::string>& out) {
  for (const Operand& operand : node.operands) {
    const auto* path = std::get_if<Path>(&operand.source);
    if (path != nullptr && !has(out, path->attribute)) out.push_back(path->attribute);
  }
  for (const ConditionNode& child : node.children) collect_attributes(child, out);
}

void collect_nested(const ConditionNode& node, std::vector<std::string>& out) {
  for (const Operand& operand : node.operands) {
    const auto* path = std::get_if<Path>(&operand.source);
    if (path != nullptr && !path->steps.empty() && !has(out, path->attribute)) out.push_back(path->attribute);
  }
  for (const ConditionNode& child : node.children) collect_nested(child, out);
}

}  // namespace

Condition::Condition(std::shared_ptr<const ConditionNode> root) : root_(std::move(root)) {}

bool Condition::matches(const json::Item& item) const { return is_true(*root_, item); }

void Condition::append_attributes(std::vector<std::string>& out) const { collect_attributes(*root_, out); }

void Condition::append_nested_attributes(std::vector<std::string>& out) const { collect_nested(*root_, out); }

}  // namespace stator::expression
