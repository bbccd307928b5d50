#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "json/reader.h"

namespace stator::json {

/// The members of an object but those in `without`, as JSON text without its braces: `"a":1,"b":2`; empty where none is
/// left. For requests and replies that are handed on with a change.
std::string members_without(const Object& object, std::initializer_list<std::string_view> without);

/// The member's text; empty where it is absent or no text. For documents of other programs, whose other members do not
/// matter.
std::string text_member(const Object& object, std::string_view name);

}  // namespace stator::json
