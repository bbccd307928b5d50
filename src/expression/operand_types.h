#pragma once

#include <initializer_list>
#include <string>

#include "core/attribute_value.h"
#include "expression/syntax.h"

namespace stator::expression {

/// The attribute types that an operator or function takes.
class TypeSet {
 public:
  constexpr TypeSet(std::initializer_list<core::AttributeType> types) {
    for (const core::AttributeType type : types) bits_ |= bit(type);
  }
  [[nodiscard]] constexpr bool has(core::AttributeType type) const { return (bits_ & bit(type)) != 0; }

  /// The types that <, BETWEEN and similar operators compare.
  static constexpr TypeSet scalars() {
    return {core::AttributeType::kString, core::AttributeType::kNumber, core::AttributeType::kBinary};
  }
  static constexpr TypeSet with_prefix() { return {core::AttributeType::kString, core::AttributeType::kBinary}; }
  static constexpr TypeSet sets() {
    return {core::AttributeType::kStringSet, core::AttributeType::kNumberSet, core::AttributeType::kBinarySet};
  }
  static constexpr TypeSet with_size() {
    return {core::AttributeType::kString,    core::AttributeType::kBinary,    core::AttributeType::kStringSet,
            core::AttributeType::kNumberSet, core::AttributeType::kBinarySet, core::AttributeType::kMap,
            core::AttributeType::kList};
  }

 private:
  static constexpr unsigned bit(core::AttributeType type) { return 1U << static_cast<unsigned>(type); }
  unsigned bits_ = 0;
};

/// Whether a string or binary begins with `prefix`, which must have the same type.
inline bool begins_with(const core::AttributeValue& value, const core::AttributeValue& prefix) {
  using core::AttributeValue;
  if (const auto* text = value.get_if<std::string>()) {
    const auto* start = prefix.get_if<std::string>();
    return start != nullptr && text->starts_with(*start);
  }
  const auto* binary = value.get_if<AttributeValue::Binary>();
  const auto* start = prefix.get_if<AttributeValue::Binary>();
  return binary != nullptr && start != nullptr && binary->bytes.starts_with(start->bytes);
}

/// Throws "Incorrect operand type for operator or function; operator or function: <name>, operand type: <type>".
[[noreturn]] inline void throw_operand_type(ExpressionKind kind, std::string_view name, core::AttributeType type) {
  std::string message = "Incorrect operand type for operator or function; operator or function: ";
  message.append(name).append(", operand type: ").append(core::type_name(type));
  throw_invalid(kind, message);
}

}  // namespace stator::expression
