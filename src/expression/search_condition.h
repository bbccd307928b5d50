#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/attribute_value.h"
#include "expression/bindings.h"

namespace stator::expression {

/// A SearchConditionExpression: equalities of top-level attributes, all of which must hold.
struct SearchCondition {
  struct Equality {
    std::string attribute;
    core::AttributeValue value;
  };
  std::vector<Equality> equalities;  // in the order written; one per attribute
};

/// Throws if a condition is not an equality ("Invalid SearchConditionExpression: Invalid comparator used in
/// SearchConditionExpression"), if its path is nested, or if an attribute has two conditions. These checks need no
/// table: the service makes them before it looks up the table and the index.
SearchCondition bind_search_condition(std::string_view text, Bindings& bindings);

}  // namespace stator::expression
