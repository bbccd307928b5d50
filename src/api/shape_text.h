#pragma once

#include <string>
#include <string_view>

#include "api/shapes/definition.h"
#include "json/reader.h"

/// How the service prints values and names of members in its messages.
namespace stator::api {

/// No value takes more than this in a message; longer texts are cut off.
inline constexpr std::size_t kMaxValueTextBytes = 1024 * 1024;

/// `TableName` -> `tableName`, `SSESpecification` -> `sSESpecification`.
std::string lower_first(std::string_view name);

/// A value as Java's toString() shows it: texts as they are, `[a, b]` for a list, `{k=v, l=w}` for an object, `null`.
std::string value_text(const json::Value& value);

/// The same with the classes of the shape: `[KeySchemaElement(attributeName=pk, keyType=HASH)]`. Members that are
/// missing show as null.
std::string value_text(const json::Value& value, const shapes::Shape& shape);

}  // namespace stator::api
