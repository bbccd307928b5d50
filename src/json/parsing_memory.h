#pragma once

#include <cstddef>
#include <string_view>

namespace stator::json {

/// About the most that parsing the text takes beside a copy of it, values of requests that are made of it included:
/// next to nothing for long strings, sixteen times its size for a list of small numbers.
std::size_t parsing_bytes(std::string_view text);

/// A parser that took more than this to parse a text does not keep it for the next one.
inline constexpr std::size_t kKeptParsingBytes = std::size_t{4} * 1024 * 1024;

}  // namespace stator::json
