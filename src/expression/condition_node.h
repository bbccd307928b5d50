#pragma once

#include <variant>

#include "expression/expression.h"
#include "expression/syntax.h"

namespace stator::expression {

/// What a condition compares: a value, what stands at a path, or the size of either.
struct Operand {
  std::variant<Path, core::AttributeValue> source;
  bool size = false;
};

enum class Test : std::uint8_t {
  kAnd,
  kOr,
  kNot,
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kBetween,
  kIn,
  kExists,
  kNotExists,
  kHasType,
  kBeginsWith,
  kContains,
  /// Legacy NOT_CONTAINS: false where there is no such attribute.
  kNotContains,
  kAlways,
};

/// A condition as a tree of tests.
struct ConditionNode {
  Test test = Test::kAlways;
  core::AttributeType type = core::AttributeType::kString;  // kHasType
  std::vector<Operand> operands;
  std::vector<ConditionNode> children;  // kAnd, kOr, kNot
};

}  // namespace stator::expression
