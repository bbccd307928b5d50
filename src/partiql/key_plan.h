#pragma once

#include <optional>
#include <vector>

#include "expression/condition_node.h"
#include "expression/expression.h"
#include "partiql/syntax.h"

/// What a WHERE clause says of the key: one item, some partitions, or nothing. Works on conditions as bound, against a
/// key schema with one hash and at most one range attribute.
namespace stator::partiql {

/// A WHERE clause that names one item: an equality on each key attribute, all joined by AND.
struct ItemCondition {
  std::vector<expression::SharedValue> key;  // in schema order
  /// The other conditions on the item; none where there is only the key.
  std::optional<expression::ConditionNode> rest;
};

/// nullopt where the condition names no single item.
std::optional<ItemCondition> match_item(const expression::ConditionNode& where, const core::KeySchema& schema);

/// What a SELECT reads: partitions, each whole or narrowed by its sort key; or everything.
struct ReadPlan {
  struct Range {
    expression::KeyPredicate hash;
    std::optional<expression::KeyPredicate> range;
  };
  /// In the order to be read; none: a scan.
  std::vector<Range> ranges;
  /// The conditions that the ranges do not cover yet; may be none.
  std::optional<expression::ConditionNode> filter;
  bool forward = true;
  /// The condition names its partitions by AND or IN, not by OR.
  bool keyed = false;
};

/// Throws ValidationException: "Overlapping conditions with range keys are not supported in where clause", key values
/// of another type than the schema's, too many partitions, and terms that ORDER BY does not take. `where` is none
/// for a statement without WHERE.
ReadPlan plan_read(const Statement& statement, std::optional<expression::ConditionNode> where,
                   const core::KeySchema& schema);

/// Throws "Key attribute's data type should match its data type in table's schema: Key pk".
void check_key_type(const core::KeyAttribute& attribute, const core::AttributeValue& value);

}  // namespace stator::partiql
