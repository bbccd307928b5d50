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
  std::vector<Equality> equalities;  // in the order written, each of another attribute
};

/// Throws if a condition is not an equality ("Invalid SearchConditionExpression: Invalid comparator used in
/// SearchConditionExpression"), or looks into an attribute, and where an attribute has two. All that needs no table:
/// the service says so before it looks at the names.
SearchCondition bind_search_condition(std::string_view text, Bindings& bindings);

}  // namespace stator::expression
