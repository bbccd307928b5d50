#pragma once

#include <optional>
#include <string>

#include "api/operations.h"
#include "api/requests/key_attributes.h"
#include "cache/tables.h"
#include "json/item.h"
#include "json/reader.h"

/// One spelling for what means the same.
namespace stator::cache {

/// Whether the request has only members that the operation's shape knows: what another member means, nobody here knows.
bool has_only_known_members(const api::shapes::Shape& shape, const json::Value& value);

/// A read request whose shape was checked, in one spelling: the order of members, white space, the spelling of numbers,
/// and what only adds to the reply (ReturnConsumedCapacity, an explicit ConsistentRead=false) make no difference.
/// Throws core::ApiError for values that are none.
std::string canonical_request(const api::shapes::Shape& shape, const json::Object& request);

/// The key in the schema's order; nothing where its attributes are not the schema's.
std::optional<std::string> canonical_key(const Schema& schema, const api::KeyAttributes& key);
/// The same of an item in stored form.
std::optional<std::string> canonical_key_of_item(const Schema& schema, std::string_view stored_item);
/// The partition key's value of either.
std::string_view canonical_partition(std::string_view canonical_key);

}  // namespace stator::cache
