#pragma once

#include <string>

#include "core/attribute_value.h"

namespace stator::json {

/// Appends the value in wire form with the members of maps and sets sorted by their bytes: equal values
/// (AttributeValue::operator==) give equal text.
void append_sorted_value(const core::AttributeValue& value, std::string& out);

}  // namespace stator::json
