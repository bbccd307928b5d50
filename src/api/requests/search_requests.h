#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "api/members.h"
#include "api/requests/options.h"
#include "core/attribute_value.h"
#include "expression/expression.h"
#include "expression/search_condition.h"

namespace stator::api {

/// A SearchVectors request. Views point into the request's JSON.
struct SearchVectors {
  std::string_view table_name;
  std::string_view index_name;
  std::vector<core::AttributeValue> vector;
  std::size_t top_k = 0;
  std::optional<expression::SearchCondition> condition;
  std::optional<expression::Projection> projection;
  CapacityDetail capacity = CapacityDetail::kNone;
};

/// Reads the request. Throws ValidationException for faults that can be found without the table: in TopK and the
/// expressions.
SearchVectors read_search_vectors(const Members& request);

}  // namespace stator::api
