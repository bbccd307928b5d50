#pragma once

#include <string_view>

#include "json/reader.h"

/// JSON values as the types of the API model. Where the JSON type does not fit, each throws ApiError
/// SerializationException with what the service says then.
namespace stator::json {

std::string_view as_string(const Value& value);
/// The text of a binary value, still base64 and checked to be so; `decoded_size` is that of its bytes.
std::string_view as_blob(const Value& value, std::size_t& decoded_size);
/// The service also takes "true", "1", "yes" and their opposites, in any case.
bool as_boolean(const Value& value);
Array as_list(const Value& value);
/// A map from attribute names to attribute values.
Object as_attribute_map(const Value& value);
/// The structure AttributeValue itself.
Object as_attribute_value(const Value& value);

}  // namespace stator::json
