#pragma once

#include <string>
#include <string_view>

#include "api/shapes/definition.h"
#include "json/reader.h"

/// How the service's messages show values and names of members.
namespace stator::api {

/// The greatest length of a value in a message; longer ones are cut off.
inline constexpr std::size_t kMaxValueTextBytes = 1024 * 1024;

/// `TableName` -> `tableName`, `SSESpecification` -> `sSESpecification`.
std::string lower_first(std::string_view name);

/// A value as shown by Java's toString(): strings unchanged, `[a, b]` for a list, `{k=v, l=w}` for an object, `null`.
std::string value_text(const json::Value& value);

/// The same with the classes of the shape: `[KeySchemaElement(attributeName=pk, keyType=HASH)]`. Missing members are
/// shown as null.
std::string value_text(const json::Value& value, const shapes::Shape& shape);

}  // namespace stator::api
