#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/requests/key_attributes.h"
#include "api/requests/options.h"
#include "expression/expression.h"

/// Typed requests of Query and Scan. Reading makes all checks that need no table, in the service's order; `resolve`
/// (page_rules.h) checks the request against its table, and `run` (page_operations.h) reads the page. Views point into
/// the request's JSON.
namespace stator::api {

/// The part of each item that a page returns.
struct Selection {
  bool count_only = false;
  bool all_attributes = false;  // Select=ALL_ATTRIBUTES was given
  std::optional<expression::Projection> projection;
};

/// The part that queries and scans share.
struct PageRead {
  std::string_view table_name;
  std::optional<std::string_view> index_name;
  Selection selection;
  std::optional<expression::Condition> filter;
  std::optional<std::uint32_t> limit;  // items to evaluate
  /// ExclusiveStartKey.
  std::optional<KeyAttributes> start;
  bool consistent_read = false;
  CapacityDetail capacity = CapacityDetail::kNone;
};

struct Query : PageRead {
  expression::KeyCondition key_condition;
  bool forward = true;
  /// The filter's name in messages. Null for the filter of a PartiQL statement, which may name key attributes.
  const char* filter_parameter = "Filter Expression";
  /// Whether the filter may name attributes that the index does not project, which then count as missing.
  bool filters_unprojected = false;
};

struct Scan : PageRead {
  std::uint32_t segment = 0;
  std::uint32_t total_segments = 1;
  /// Whether errors have the texts of Query (api/rollout.h, kScans).
  bool newer_texts = false;
};

/// Each throws ValidationException. `deviates`: with the rules of regions where Scan is ahead (api/rollout.h).
Query read_query(const Members& request);
Scan read_scan(const Members& request, bool deviates = false);

}  // namespace stator::api
