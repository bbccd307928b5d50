#pragma once

#include <string_view>

#include "api/operations.h"
#include "json/reader.h"

namespace stator::api {

/// For operations of which the service reads requests strictly (Peculiarities::strict_reader), before anything else is
/// said of the request `object`, whose text is `body`: throws SerializationException for a required member that is null
/// and for a member of another JSON type ("invalid type: null, expected a string at line 1 column 20"), in the order of
/// the text, and then ValidationException for the first one that is missing ("missing field `TableName` at line 1
/// column 85"). Source: the open conformance suite's captures, October 2026.
void check_strictly(const Operation& operation, const json::Object& object, std::string_view body);

}  // namespace stator::api
