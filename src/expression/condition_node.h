#pragma once

#include <optional>
#include <variant>

#include "expression/bindings.h"
#include "expression/expression.h"
#include "expression/syntax.h"

namespace stator::expression {

/// An operand of a condition: a value, the value at a path, or the size of either.
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
  /// The legacy operator NOT_CONTAINS: false if the attribute is absent.
  kNotContains,
  kAlways,
};

/// An index of the children of an AND or OR by the one attribute that each of them tests. A legacy filter may have a
/// hundred thousand children. Only children that test attributes of the item are then evaluated; of the others, only
/// the number that are true for an absent attribute matters.
struct ChildrenByAttribute {
  struct Entry {
    std::string escaped_name;  // as in stored items
    std::uint32_t child;
  };
  std::vector<Entry> entries;  // sorted by name; empty if there is no index (see index_children)
  std::size_t true_if_absent = 0;
};

/// A condition as a tree of tests.
struct ConditionNode {
  Test test = Test::kAlways;
  core::AttributeType type = core::AttributeType::kString;  // kHasType
  std::vector<Operand> operands;
  /// kIn: the candidates are scalars of one type, and sorted.
  bool candidates_sorted = false;
  std::vector<ConditionNode> children;  // kAnd, kOr, kNot
  ChildrenByAttribute by_attribute;     // kAnd, kOr
};

/// The result of a test of one attribute for an item without that attribute.
bool is_true_if_absent(const ConditionNode& test);

/// Sorts the candidates of a kIn if there are many, and if all are scalars of one type given in the request.
void sort_candidates(ConditionNode& node);

/// Fills in `by_attribute` of a kAnd or kOr with many children, if all of them test top-level attributes. No two may
/// test the same one.
void index_children(ConditionNode& node);

/// The key comparison that corresponds to the test; nullopt if there is none.
std::optional<KeyOperator> key_operator(Test test);
/// The comparison with its sides exchanged: :value < key means key > :value.
KeyOperator mirrored(KeyOperator op);

}  // namespace stator::expression
