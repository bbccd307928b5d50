#pragma once

#include <boost/container/small_vector.hpp>
#include <string_view>

#include "core/attribute_value.h"
#include "engine/engine.h"
#include "json/reader.h"

namespace stator::api {

/// A Key member as sent: names and values, each value validated, not yet held against a schema.
struct WireKeyAttribute {
  std::string_view name;
  core::AttributeValue value;
};
using WireKey = boost::container::small_vector<WireKeyAttribute, 3>;

/// Reads and validates the values. Throws ValidationException.
WireKey read_wire_key(const json::Object& key);
const core::AttributeValue* find_attribute(const WireKey& key, std::string_view name);

/// The table's key from a Key member: exactly the schema's attributes, right types, not empty, not too long.
/// Throws "The provided key element does not match the schema" and the messages on sizes.
engine::Key key_from_wire(const engine::Table& table, const WireKey& key);

/// The table's key out of an item to be put. Throws "One or more parameter values were invalid: Missing the key pk in
/// the item", type mismatches, and the messages on sizes.
engine::Key key_from_item(const engine::Table& table, const json::Object& item);

/// Throws where `value` is not of the attribute's type ("The provided key element does not match the schema"), empty or
/// too long.
void check_key_value(const core::KeyAttribute& attribute, const core::AttributeValue& value, bool hash);

/// Appends the key as a JSON object.
void append_key_json(const engine::Table& table, const engine::Key& key, std::string& out);

}  // namespace stator::api
