#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "api/members.h"
#include "api/operations.h"
#include "json/reader.h"

/// Checks requests against their declarative shapes (docs/architecture.md, decision 5).
namespace stator::api {

/// The result of check_shape.
struct CheckedRequest {
  /// Whether an object that the shape knows has a name twice (json/unique_names.h); then the other members of this
  /// struct are not valid.
  bool repeats_name = false;
  /// The request's members that the shape knows.
  FoundMembers members;
  /// The ARNs that were given as names of tables.
  std::vector<std::string_view> table_arns;
  /// Whether attribute values are nested deeper than about 62 levels. In operations on single items, an older layer of
  /// the service reads such requests, with other texts. Source: the open conformance suite's captures, October 2026.
  bool very_deep = false;
};

/// Checks `request` against the input shape of `operation` in two passes, as the service does:
/// 1. JSON types: throws ApiError SerializationException with the front end's texts ("NUMBER_VALUE cannot be converted
/// to String", "Start of structure or map found where not expected", …);
///
/// 2. constraints (required, length, range, pattern, enum): throws at most ten of them as one ValidationException "2
/// validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null; …", in
/// the service's order.
/// Ignores members that the shape does not know; null counts as absent. If a name occurs twice, the caller must remove
/// the earlier ones (json::Parser::without_repeated) and check again; an error thrown before that may be about a member
/// that does not count.
///
/// Order. Types: the first wrong one in the order of the request's text is reported, as by the service's parser.
/// Constraints: the order of the tables in api/shapes/, which is the service's as far as it is known. Some faults are
/// reported alone, before any list: a missing table name of the control plane ("The parameter 'TableName' is required
/// …"), a wrong target or index name ("TableName must be at least 3 characters long …"), a missing ARN of a tag
/// operation ("Invalid TableArn"). Operations on single items and queries report a wrong table name alone unless a
/// required member is missing.
///
/// After it passes: elements of lists and maps are never null; no attribute value and no member of a set is null (an
/// attribute value may still be empty or have several types: json/item.h checks that); binary is strict base64;
/// booleans may be strings, integers may have decimals (json/scalars.h reads both); table names may be ARNs. Allocates
/// nothing for most valid requests.
/// `lenient`: integers may be strings (api.h, Context::lenient). `deviates`: with the texts of a region that deviates
/// from most (api/rollout.h).
CheckedRequest check_shape(const Operation& operation, const json::Object& request, bool lenient = false,
                           bool deviates = false);

}  // namespace stator::api
