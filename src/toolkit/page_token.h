#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Tokens by which a command goes on at the page where another one ended (`--next TOKEN`).
namespace stator::toolkit {

/// A token of letters, digits, hyphens and underscores. `owner`: whose pages they are (a pattern, a table's index);
/// `start_key`: the ExclusiveStartKey of the next page, JSON.
std::string page_token(std::string_view owner, std::string_view start_key);

/// The start key in a token; nullopt where it is no token, or one of another owner.
std::optional<std::string> start_key_of_token(std::string_view owner, std::string token);

}  // namespace stator::toolkit
