#pragma once

#include <optional>
#include <string>

#include "core/api_error.h"
#include "engine/table.h"
#include "expression/expression.h"

namespace stator::engine {

/// "One or more parameter values were invalid: Type mismatch for Index Key …".
core::ApiError index_key_type_mismatch(const Index& index, const core::KeyAttribute& attribute,
                                       core::AttributeType actual);

/// True for an empty string or binary, which cannot be a partition or sort key.
bool is_empty_key(const core::AttributeValue& value);
/// "One or more parameter values are not valid. … cannot contain an empty string value.", with core::Fault::kEmptyKey.
/// `of_update`: an update expression set the value; the message differs.
core::ApiError empty_index_key(const Index& index, const core::KeyAttribute& attribute, bool of_update);

/// Throws if the expression alone shows that an index key would get the wrong type. The service checks that before it
/// checks paths into keys and before it reads the item. If only the item shows the type (SET key = other), the error is
/// a different one, raised when the item is written.
void check_known_index_key_types(const Table& table, const expression::Update& update);

/// Whether the expression alone shows the type of what it writes to the attribute.
bool has_static_type(const expression::Update& update, const std::string& attribute);

}  // namespace stator::engine
