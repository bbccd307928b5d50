#pragma once

#include <string>

#include "api/requests/key_attributes.h"
#include "api/requests/place.h"
#include "engine/engine.h"
#include "json/item.h"

/// Makes keys and checks them against a table's schema.
namespace stator::api {

/// The table's key, from the attributes of a Key: exactly the schema's attributes, right types, not empty, not too
/// long. Throws "The provided key element does not match the schema" and the messages on sizes.
engine::Key key_from_attributes(const engine::Table& table, const KeyAttributes& key);

/// The table's key, from an item to be put. Throws "One or more parameter values were invalid: Missing the key pk in
/// the item" and "Type mismatch for key pk …" (in a batch both are "The provided key element does not match the
/// schema"), and the messages on sizes.
engine::Key key_from_item(const engine::Table& table, const json::EncodedItem& item, Place place = Place::kOperation);

/// Throws where `value` is not of the attribute's type ("The provided key element does not match the schema"), empty or
/// too long.
void check_key_value(const core::KeyAttribute& attribute, const core::AttributeValue& value, bool hash);

/// Appends the key as a JSON object.
void append_key_json(const engine::Table& table, const engine::Key& key, std::string& out);

}  // namespace stator::api
