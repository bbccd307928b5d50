#include "api/requests/search_requests.h"

#include <array>

#include "api/call.h"
#include "api/requests/expressions.h"
#include "core/api_error.h"
#include "core/vector_limits.h"
#include "json/item.h"

namespace stator::api {
namespace {

constexpr std::array<MemberName, 2> kNames = {"ProjectionExpression", "SearchConditionExpression"};

std::size_t read_top_k(const Members& request) {
  const std::int64_t top_k = request.integer("TopK").value_or(0);
  if (top_k > core::kMaxSearchResults) {
    core::throw_validation("Provided TopK value '" + std::to_string(top_k) +
                           "' is out of valid range. The value must be between 1 and " +
                           std::to_string(core::kMaxSearchResults) + " inclusive");
  }
  return static_cast<std::size_t>(top_k);
}

/// Reads an element of the SearchVector. An N that is not a number becomes NULL: all elements that are not 32-bit
/// numbers get the same error, which comes after the errors about the table and the index.
core::AttributeValue read_element(const json::Value& wire) {
  try {
    return json::read_value(wire);
  } catch (const core::ApiError&) {
    const json::Object object = wire.get_object();
    if (object.size() != 1 || object["N"].error() != simdjson::SUCCESS) throw;
    return core::AttributeValue::null();
  }
}

}  // namespace

SearchVectors read_search_vectors(const Members& request) {
  SearchVectors search;
  search.table_name = table_name(request);
  search.index_name = request.required_text("IndexName");
  search.top_k = read_top_k(request);
  search.capacity = read_capacity_detail(request);
  check_expression_parameters(request, kNames, {});
  for (const auto value : request.required_array("SearchVector")) search.vector.push_back(read_element(value));
  expression::Bindings bindings = read_bindings(request);
  if (const auto text = request.text("SearchConditionExpression")) {
    search.condition = expression::bind_search_condition(*text, bindings);
  }
  search.projection = read_projection_expression(request, bindings);
  bindings.check_all_used();
  return search;
}

}  // namespace stator::api
