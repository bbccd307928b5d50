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
  /// Set where an attribute is looked into or named twice; the service says so after it has looked at the names.
  std::string fault;
};

/// Throws where a condition is another than an equality ("Invalid SearchConditionExpression: Invalid comparator used in
/// SearchConditionExpression").
SearchCondition bind_search_condition(std::string_view text, Bindings& bindings);

}  // namespace stator::expression
