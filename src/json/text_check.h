#pragma once

#include <string>
#include <string_view>

/// Questions about a text that may not be JSON.
namespace stator::json {

/// Whether the whole text is one JSON object.
bool is_object(std::string_view text);

/// Where and why the text is no JSON: "line 1, column 17: Missing a name for object member". Empty where it is.
std::string json_fault(std::string_view text);

}  // namespace stator::json
