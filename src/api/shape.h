#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "json/reader.h"

/// The declarative shapes of all requests, and the one walk that checks them (house plan, decision 5).
namespace stator::api {

/// Checks `request` against the input shape of `operation` in two passes, as the service does:
/// 1. JSON types, throwing ApiError SerializationException in the front end's words ("NUMBER_VALUE cannot be converted to
///    String", "Start of structure or map found where not expected", …);
/// 2. constraints (required, length, range, pattern, enum), collected to at most ten and thrown as one
///    ValidationException "2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member must
///    not be null; …", in the service's order.
/// Members that the shape does not know are ignored. Throws UnknownOperationException for an operation without a shape.
void check_shape(std::string_view operation, const json::Object& request);

/// Whether the current service has an operation of that name (built here or not).
bool is_known_operation(std::string_view operation);

}  // namespace stator::api
