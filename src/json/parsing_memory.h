#pragma once

#include <cstddef>
#include <string_view>

namespace stator::json {

/// Roughly the most memory that parsing the text takes in addition to a copy of it, including the request values made
/// from it: next to nothing for long strings, sixteen times its size for a list of small numbers.
std::size_t parsing_bytes(std::string_view text);

/// A parser that needed more than this for a text does not keep its memory for the next one.
inline constexpr std::size_t kKeptParsingBytes = std::size_t{4} * 1024 * 1024;

}  // namespace stator::json
