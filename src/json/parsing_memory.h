#pragma once

#include <cstddef>
#include <string_view>

namespace stator::json {

/// About the most that parsing the text takes beside a copy of it, values of requests that are made of it included:
/// next to nothing for long strings, sixteen times its size for a list of small numbers.
std::size_t parsing_bytes(std::string_view text);

}  // namespace stator::json
