#pragma once

#include <string>

#include "api/requests/key_attributes.h"
#include "api/requests/place.h"
#include "engine/engine.h"
#include "json/item.h"

/// Makes keys and checks them against a table's schema.
namespace stator::api {

/// Makes the key from the attributes of a Key, which must be exactly those of the schema, with the right types, not
/// empty and not too long. Throws "The provided key element does not match the schema" and the messages about sizes.
engine::Key key_from_attributes(const engine::Table& table, const KeyAttributes& key);

/// Makes the key of an item to be put. Throws "One or more parameter values were invalid: Missing the key pk in the
/// item" and "Type mismatch for key pk …" (in a batch both are "The provided key element does not match the schema"),
/// and the messages about sizes.
engine::Key key_from_item(const engine::Table& table, const json::EncodedItem& item, Place place = Place::kOperation);

/// Throws if `value` does not have the attribute's type ("The provided key element does not match the schema"), is
/// empty or is too long.
void check_key_value(const core::KeyAttribute& attribute, const core::AttributeValue& value, bool hash);

/// Appends the key as a JSON object.
void append_key_json(const engine::Table& table, const engine::Key& key, std::string& out);

}  // namespace stator::api
