#pragma once

#include <string>
#include <string_view>

/// Checks of a text that may not be JSON.
namespace stator::json {

/// Whether the whole text is one JSON object.
bool is_object(std::string_view text);

/// Where and why the text is not JSON: "line 1, column 17: Missing a name for object member". Empty if it is JSON.
std::string json_fault(std::string_view text);

/// For settings that json::Parser refuses: returns the text with 1.5e308 in place of whole numbers beyond 64 bits,
/// which the parser cannot read. No setting accepts 1.5e308, so the error of the code that reads the setting says what
/// is allowed. Empty if there are no such numbers, or if the text is not JSON (this includes 1e400; json_fault
/// describes both).
std::string with_readable_numbers(std::string_view text);

}  // namespace stator::json
