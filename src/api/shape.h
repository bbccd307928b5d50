#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "api/members.h"
#include "api/operations.h"
#include "json/reader.h"

/// The declarative shapes of all requests, and the one walk that checks them (docs/architecture.md, decision 5).
namespace stator::api {

/// What check_shape found out about a request.
struct CheckedRequest {
  /// An object that the shape knows has a name twice (json/unique_names.h); the other members are not valid then.
  bool repeats_name = false;
  /// Its members that the shape knows.
  FoundMembers members;
  /// The ARNs among the names of tables, as sent.
  std::vector<std::string_view> table_arns;
  /// Requests whose values are nested deeper than about 62 levels are read by an older layer of the service where
  /// single items are read or written, and answered in its words. Source: the open conformance suite's captures,
  /// October 2026.
  bool very_deep = false;
};

/// Checks `request` against the input shape of `operation` in two passes, as the service does:
/// 1. JSON types: throws ApiError SerializationException in the front end's words ("NUMBER_VALUE cannot be converted to
///    String", "Start of structure or map found where not expected", …);
///
/// 2. constraints (required, length, range, pattern, enum), collected to at most ten and thrown as one
///    ValidationException "2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member
///    must not be null; …", in the service's order.
/// Members that the shape does not know are ignored, null counts as absent. Where a name occurs twice, the caller must
/// remove the earlier ones (json::Parser::without_repeated) and check again; an error thrown before that may be about a
/// member that does not count.
///
/// Order. Types: the first wrong one in the order of the request's text, as the service's parser finds it. Constraints:
/// the order of the tables in api/shapes/, which is the service's where it is known. Some faults are refused alone,
/// before any list: a missing table name of the control plane ("The parameter 'TableName' is required …"), a wrong
/// target or index name ("TableName must be at least 3 characters long …"), a missing ARN of a tag operation ("Invalid
/// TableArn"). Single items and queries report a wrong table name alone unless a required member is missing.
///
/// After it passes: elements of lists and maps are never null; no attribute value and no member of a set is null (an
/// attribute value may still be empty or have several types: json/item.h checks that); binary is strict base64;
/// booleans may be texts, whole numbers may have decimals (json/scalars.h reads both); table names may be ARNs.
/// Costs no allocation unless something is wrong.
/// `lenient`: whole numbers may be texts (api.h, Context::lenient). `deviates`: the words are those of a region that
/// deviates from most (api/rollout.h).
CheckedRequest check_shape(const Operation& operation, const json::Object& request, bool lenient = false,
                           bool deviates = false);

}  // namespace stator::api
