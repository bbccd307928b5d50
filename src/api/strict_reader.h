#pragma once

#include <string_view>

#include "api/operations.h"
#include "json/reader.h"

namespace stator::api {

/// The first check of operations whose requests the service reads strictly (SpecialRules::strict_reader). `body` is
/// the text of the request `object`. Throws SerializationException for the first member, in the order of the text, that
/// is required and null or has the wrong JSON type ("invalid type: null, expected a string at line 1 column 20");
/// otherwise ValidationException for the first missing member ("missing field `TableName` at line 1 column 85").
/// Source: the open conformance suite's captures, October 2026.
void check_strictly(const Operation& operation, const json::Object& object, std::string_view body);

}  // namespace stator::api
