#pragma once

#include "api/operations.h"
#include "json/reader.h"

/// The slow part of check_shape, which makes the message for an invalid request.
namespace stator::api {

/// Throws the ValidationException for a request that violates constraints of its shape; its JSON types are right.
/// Returns if there is nothing to report: if a member occurs twice and only the first was wrong, or if the operation
/// itself checks the faulty member. `very_deep`: with the texts of before June 2026 (api/shape.h,
/// CheckedRequest::very_deep). `deviates`: with those of a region that deviates from most (api/rollout.h).
void report_violations(const Operation& operation, const json::Object& request, bool very_deep, bool deviates);

}  // namespace stator::api
