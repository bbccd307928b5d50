#pragma once

#include <boost/container/small_vector.hpp>
#include <string_view>

#include "core/attribute_value.h"
#include "json/item.h"
#include "json/reader.h"

namespace stator::api {

/// An attribute of a key in a request.
struct KeyAttributeValue {
  std::string_view name;  // in the request
  core::AttributeValue value;
};
/// The attributes of a Key or an ExclusiveStartKey in the order of the request. Each value is valid by itself but not
/// yet checked against a schema.
using KeyAttributes = boost::container::small_vector<KeyAttributeValue, 3>;

/// Reads a Key member. Throws ValidationException for invalid values.
KeyAttributes read_key_attributes(const json::Object& key, const json::ValueRules& rules = json::kCurrentRules);
/// The value with that name, or null.
const core::AttributeValue* find_attribute(const KeyAttributes& key, std::string_view name);

}  // namespace stator::api
