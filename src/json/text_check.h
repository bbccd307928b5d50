#pragma once

#include <string>
#include <string_view>

/// Questions about a text that may not be JSON.
namespace stator::json {

/// Whether the whole text is one JSON object.
bool is_object(std::string_view text);

/// Where and why the text is no JSON: "line 1, column 17: Missing a name for object member". Empty where it is.
std::string json_fault(std::string_view text);

/// For settings whose text json::Parser refuses: the text with 1.5e308, which no setting takes, in the place of whole
/// numbers beyond 64 bits, which the parser cannot read, so that what reads the setting says what it must be. Empty
/// where there are none, or the text is no JSON; json_fault says so of 1e400, too.
std::string with_readable_numbers(std::string_view text);

}  // namespace stator::json
