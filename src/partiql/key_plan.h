#pragma once

#include <optional>
#include <vector>

#include "expression/condition_node.h"
#include "expression/expression.h"
#include "partiql/syntax.h"

/// What a WHERE clause determines of the key: one item, some partitions, or nothing. Works on bound conditions, for a
/// key schema with one hash and at most one range attribute.
namespace stator::partiql {

/// A WHERE clause that names one item: an equality on each key attribute, all joined by AND.
struct ItemCondition {
  std::vector<expression::SharedValue> key;  // in schema order
  /// The other conditions on the item; nullopt if there are only those on the key.
  std::optional<expression::ConditionNode> rest;
};

/// nullopt if the condition does not name a single item.
std::optional<ItemCondition> match_item(const expression::ConditionNode& where, const core::KeySchema& schema);

/// What a SELECT reads: partitions, whole or narrowed by the sort key; or everything.
struct ReadPlan {
  struct Range {
    expression::KeyPredicate hash;
    std::optional<expression::KeyPredicate> range;
  };
  /// In reading order; if empty, a scan.
  std::vector<Range> ranges;
  /// The conditions not covered by the ranges; may be nullopt.
  std::optional<expression::ConditionNode> filter;
  bool forward = true;
  /// The condition names its partitions with AND or IN, not with OR.
  bool keyed = false;
};

/// Throws ValidationException for "Overlapping conditions with range keys are not supported in where clause", key
/// values whose type differs from the schema's, too many partitions, and terms that ORDER BY does not take. `where` is
/// nullopt for a statement without WHERE.
ReadPlan plan_read(const Statement& statement, std::optional<expression::ConditionNode> where,
                   const core::KeySchema& schema);

/// Throws "Key attribute's data type should match its data type in table's schema: Key pk".
void check_key_type(const core::KeyAttribute& attribute, const core::AttributeValue& value);

}  // namespace stator::partiql
