#pragma once

#include <string>

#include "api/shapes/definition.h"
#include "json/reader.h"

namespace stator::api {

/// A structure of a checked request as later replies show it: JSON with the members that its shape knows, in the
/// shape's order, and without those that are null. Requests that mean the same have the same text.
std::string known_members(const json::Object& object, const shapes::Shape& structure);

}  // namespace stator::api
