#pragma once

#include <optional>
#include <string>

#include "api/operations.h"
#include "api/requests/key_attributes.h"
#include "cache/tables.h"
#include "json/item.h"
#include "json/reader.h"

/// Canonical texts of requests and keys.
namespace stator::cache {

/// Whether the request has only members known to the operation's shape; others might change its meaning.
bool has_only_known_members(const api::shapes::Shape& shape, const json::Value& value);

/// The canonical text of a read request whose shape was checked. Independent of the order of members, white space, the
/// notation of numbers, and members that only add to the reply (ReturnConsumedCapacity, an explicit
/// ConsistentRead=false). Throws core::ApiError for invalid values.
std::string canonical_request(const api::shapes::Shape& shape, const json::Object& request);

/// The key's canonical text; nullopt if its attributes are not those of the schema.
std::optional<std::string> canonical_key(const Schema& schema, const api::KeyAttributes& key);
/// The canonical key of an item in stored form.
std::optional<std::string> canonical_key_of_item(const Schema& schema, std::string_view stored_item);
/// The part of a canonical key that is the partition key's value.
std::string_view canonical_partition(std::string_view canonical_key);

}  // namespace stator::cache
