#pragma once

#include <boost/container/small_vector.hpp>
#include <string_view>

#include "core/attribute_value.h"
#include "json/item.h"
#include "json/reader.h"

namespace stator::api {

/// An attribute of a key as the request has it.
struct KeyAttributeValue {
  std::string_view name;  // in the request
  core::AttributeValue value;
};
/// The attributes of a Key or an ExclusiveStartKey in the order of the request, each value valid by itself, not yet
/// held against a schema.
using KeyAttributes = boost::container::small_vector<KeyAttributeValue, 3>;

/// Reads a Key member. Throws ValidationException for values that are none.
KeyAttributes read_key_attributes(const json::Object& key, const json::ValueRules& rules = json::kCurrentRules);
/// The value of that name, or null.
const core::AttributeValue* find_attribute(const KeyAttributes& key, std::string_view name);

}  // namespace stator::api
