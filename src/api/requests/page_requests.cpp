#include "api/requests/page_requests.h"

#include <algorithm>
#include <array>

#include "api/call.h"
#include "api/requests/expressions.h"
#include "core/api_error.h"
#include "expression/legacy.h"
#include "expression/parameters.h"

namespace stator::api {

using core::throw_validation;

namespace {

constexpr std::array<MemberName, 3> kQueryNames = {"ProjectionExpression", "FilterExpression",
                                                   "KeyConditionExpression"};
constexpr std::array<MemberName, 4> kQueryLegacyNames = {"AttributesToGet", "QueryFilter", "ConditionalOperator",
                                                         "KeyConditions"};
constexpr std::array<MemberName, 2> kScanNames = {"ProjectionExpression", "FilterExpression"};
constexpr std::array<MemberName, 3> kScanLegacyNames = {"AttributesToGet", "ScanFilter", "ConditionalOperator"};

constexpr const char* kInvalidStart = "The provided starting key is invalid";

/// Checks Select against the projection. With `newer_texts` (Query, and Scan in some regions) messages begin like those
/// of violated constraints.
Selection read_selection(const Members& request, bool newer_texts, std::optional<expression::Projection> projection) {
  const std::string prefix = newer_texts ? "1 validation error detected: " : "";
  const auto select = request.text("Select");
  const std::string what = request.has("ProjectionExpression") ? "ProjectionExpression" : "AttributesToGet";
  Selection selection;
  if (select == "SPECIFIC_ATTRIBUTES" && !projection) {
    throw_validation(
        prefix + "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES");
  }
  if (select && *select != "SPECIFIC_ATTRIBUTES" && projection) {
    throw_validation(prefix + "Cannot specify the " + what + " when choosing to get " +
                     (*select == "COUNT" ? std::string("only the Count") : std::string(*select)));
  }
  if (select == "ALL_PROJECTED_ATTRIBUTES" && !request.has("IndexName")) {
    throw_validation(prefix + "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
  }
  selection.count_only = select == "COUNT";
  selection.all_attributes = select == "ALL_ATTRIBUTES";
  selection.projection = std::move(projection);
  return selection;
}

std::optional<expression::Condition> read_filter_expression(const Members& request, expression::Bindings& bindings) {
  const auto text = request.text("FilterExpression");
  if (!text) return std::nullopt;
  return expression::bind_condition(*text, expression::ConditionKind::kFilter, bindings);
}

/// Reads QueryFilter or ScanFilter, with ConditionalOperator.
std::optional<expression::Condition> read_legacy_filter(const Members& request, std::string_view legacy_name,
                                                        const json::ValueRules& rules) {
  const auto filter = request.object(legacy_name);
  const auto logic = request.text("ConditionalOperator").value_or(std::string_view{});
  if (!filter || filter->size() == 0) {
    expression::check_conditional_operator(logic, 0);
    return std::nullopt;
  }
  return expression::condition_from_filter(*filter, logic, rules);
}

/// Reads the attributes of ExclusiveStartKey and checks their values.
std::optional<KeyAttributes> read_start_key(const Members& request, const json::ValueRules& rules) {
  const auto object = request.object("ExclusiveStartKey");
  if (!object) return std::nullopt;
  try {
    return read_key_attributes(*object, rules);
  } catch (const core::ApiError& error) {
    // Errors about numbers and duplicates do not name the parameter, the others do.
    if (error.fault == core::Fault::kNumber || error.fault == core::Fault::kDuplicateMembers) throw;
    throw_validation(std::string(kInvalidStart) + ": " + error.message);
  }
}

std::optional<std::uint32_t> read_limit(const Members& request) {
  const auto limit = request.integer("Limit");
  if (!limit) return std::nullopt;
  return static_cast<std::uint32_t>(std::min<std::int64_t>(*limit, UINT32_MAX));
}

void read_segments(const Members& request, Scan& scan) {
  const auto segment = request.integer("Segment");
  const auto total = request.integer("TotalSegments");
  if (segment && !total) {
    throw_validation(
        "The TotalSegments parameter is required but was not present in the request when Segment parameter is present");
  }
  if (total && !segment) {
    throw_validation(
        "The Segment parameter is required but was not present in the request when parameter TotalSegments is present");
  }
  if (!segment || !total) return;
  if (*segment >= *total) {
    constexpr const char* kTooLarge =
        "The Segment parameter is zero-based and must be less than parameter TotalSegments";
    if (scan.newer_texts) throw_validation(kTooLarge);
    throw_validation(std::string(kTooLarge) + ": Segment: " + std::to_string(*segment) +
                     " is not less than TotalSegments: " + std::to_string(*total));
  }
  scan.segment = static_cast<std::uint32_t>(*segment);
  scan.total_segments = static_cast<std::uint32_t>(*total);
}

void read_page_options(const Members& request, PageRead& page) {
  page.table_name = table_name(request);
  page.index_name = request.text("IndexName");
  page.limit = read_limit(request);
  page.consistent_read = request.flag("ConsistentRead");
  page.capacity = read_capacity_detail(request);
}

}  // namespace

Query read_query(const Members& request) {
  // The legacy parameters are read first, then the starting key, and only then the expressions.
  check_expression_parameters(request, kQueryNames, kQueryLegacyNames);
  Query query;
  read_page_options(request, query);
  query.forward = request.flag("ScanIndexForward", true);
  if (request.has("QueryFilter")) query.filter_parameter = "QueryFilter";
  query.filter = read_legacy_filter(request, "QueryFilter", json::kCurrentRules);
  auto projection = read_attributes_to_get(request);
  query.start = read_start_key(request, json::kCurrentRules);
  const auto key_text = request.text("KeyConditionExpression");
  const auto key_conditions = request.object("KeyConditions");
  if (!key_text && !key_conditions) {
    throw_validation("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.");
  }
  expression::Bindings bindings = read_bindings(request);
  query.key_condition = key_text ? expression::bind_key_condition(*key_text, bindings)
                                 : expression::key_condition_from_key_conditions(*key_conditions);
  if (!query.filter) query.filter = read_filter_expression(request, bindings);
  if (!projection) projection = read_projection_expression(request, bindings);
  query.selection = read_selection(request, true, std::move(projection));
  bindings.check_all_used();
  expression::check_key_condition(query.key_condition);
  return query;
}

Scan read_scan(const Members& request, bool deviates) {
  check_expression_parameters(request, kScanNames, kScanLegacyNames);
  Scan scan;
  scan.newer_texts = deviates;
  read_page_options(request, scan);
  auto projection = read_attributes_to_get(request);
  if (const auto filter = request.object("ScanFilter"); filter && deviates) {
    expression::check_conditional_operator(request.text("ConditionalOperator").value_or(std::string_view{}),
                                           filter->size());
  }
  scan.filter = read_legacy_filter(request, "ScanFilter", json::kOlderRules);
  scan.start = read_start_key(request, json::kOlderRules);
  read_segments(request, scan);
  expression::Bindings bindings = read_bindings(request, json::kOlderRules);
  if (!scan.filter) scan.filter = read_filter_expression(request, bindings);
  if (!projection) projection = read_projection_expression(request, bindings);
  scan.selection = read_selection(request, deviates, std::move(projection));
  bindings.check_all_used();
  return scan;
}

}  // namespace stator::api
