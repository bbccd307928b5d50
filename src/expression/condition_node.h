#pragma once

#include <optional>
#include <variant>

#include "expression/bindings.h"
#include "expression/expression.h"
#include "expression/syntax.h"

namespace stator::expression {

/// What a condition compares: a value, the value at a path, or the size of either.
struct Operand {
  std::variant<Path, SharedValue> source;
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

/// The children of a conjunction or disjunction by the one attribute that each tests. A legacy filter may have a
/// hundred thousand of them. Only those on attributes that the item has are then tested; of the others, only the number
/// that is true for an absent attribute counts.
struct ChildrenByAttribute {
  struct Entry {
    std::string escaped_name;  // as items are stored
    std::uint32_t child;
  };
  std::vector<Entry> entries;  // by name; empty where children are few, or test other than one attribute each
  std::size_t true_if_absent = 0;
};

/// A condition as a tree of tests.
struct ConditionNode {
  Test test = Test::kAlways;
  core::AttributeType type = core::AttributeType::kString;  // kHasType
  std::vector<Operand> operands;
  /// kIn: the candidates are scalars of one type, in their order.
  bool candidates_sorted = false;
  std::vector<ConditionNode> children;  // kAnd, kOr, kNot
  ChildrenByAttribute by_attribute;     // kAnd, kOr
};

/// What a test of one attribute answers where the item has no such attribute.
bool is_true_if_absent(const ConditionNode& test);

/// Sorts the candidates of a kIn if there are many and all are scalars of one type from the request.
void sort_candidates(ConditionNode& node);

/// Fills `by_attribute` of a kAnd or kOr whose children each test one attribute of their own, if there are many.
void index_children(ConditionNode& node);

/// The key comparison that the test is; nullopt where it is none.
std::optional<KeyOperator> key_operator(Test test);
/// The comparison with its sides exchanged: :value < key means key > :value.
KeyOperator mirrored(KeyOperator op);

}  // namespace stator::expression
