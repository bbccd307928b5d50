#pragma once

#include "api/operations.h"
#include "json/reader.h"

/// The slow part of check_shape: makes the message about an invalid request.
namespace stator::api {

/// Throws the ValidationException for a request that violates its shape (its JSON types are right). Returns when it
/// violates nothing after all: where a member occurs twice and only the first was wrong, or where the operation itself
/// checks the faulty member. `very_deep`: in the words of before June 2026 (api/shape.h, CheckedRequest::very_deep).
/// `deviates`: in those of regions that deviate from most (api/rollout.h).
void report_violations(const Operation& operation, const json::Object& request, bool very_deep, bool deviates);

}  // namespace stator::api
