#pragma once

#include "api/operations.h"
#include "json/reader.h"

/// The slow half of check_shape: what exactly is wrong with a request.
namespace stator::api {

/// Throws the ValidationException for a request that violates its shape (its JSON types are right). Returns when it
/// violates nothing after all, as when a member stands twice and only the first was wrong.
void report_violations(const Operation& operation, const json::Object& request);

}  // namespace stator::api
