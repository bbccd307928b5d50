#pragma once

#include <string>

#include "api/shapes/definition.h"
#include "json/reader.h"

namespace stator::api {

/// The JSON of a structure of a checked request, for later replies: only the members that its shape knows, in the
/// shape's order, without nulls. Structures with the same meaning have the same text.
std::string known_members(const json::Object& object, const shapes::Shape& structure);

}  // namespace stator::api
