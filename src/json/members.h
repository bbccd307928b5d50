#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "json/reader.h"

namespace stator::json {

/// The members of an object except those in `without`, as JSON text without braces: `"a":1,"b":2`; empty if none are
/// left. For requests and replies that are passed on with a change.
std::string members_without(const Object& object, std::initializer_list<std::string_view> without);

/// The member's text; empty if it is absent or not a text. For documents of other programs, whose other members do not
/// matter.
std::string text_member(const Object& object, std::string_view name);

}  // namespace stator::json
