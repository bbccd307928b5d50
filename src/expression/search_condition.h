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
  std::vector<Equality> equalities;  // in the order written
  /// Set if the condition has a nested path or names an attribute twice; the service reports this after it has checked
  /// the names.
  std::string fault;
};

/// Throws if a condition is not an equality ("Invalid SearchConditionExpression: Invalid comparator used in
/// SearchConditionExpression").
SearchCondition bind_search_condition(std::string_view text, Bindings& bindings);

}  // namespace stator::expression
