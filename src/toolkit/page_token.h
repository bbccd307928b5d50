#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Tokens with which a command continues after the page where an earlier one ended (`--next TOKEN`).
namespace stator::toolkit {

/// Makes a token of letters, digits, hyphens and underscores. `owner`: what is being paged through (a pattern, a
/// table's index); `start_key`: the ExclusiveStartKey of the next page, as JSON.
std::string page_token(std::string_view owner, std::string_view start_key);

/// The start key in a token; nullopt if it is not a token, or one of another owner.
std::optional<std::string> start_key_of_token(std::string_view owner, std::string token);

}  // namespace stator::toolkit
