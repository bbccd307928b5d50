#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/shapes/definition.h"

/// The constraints on single values.
namespace stator::api {

/// The length as Java counts it, in UTF-16 units.
std::int64_t java_length(std::string_view utf8);

bool matches(shapes::Pattern pattern, std::string_view text);

/// The bounds of the length of `text`: those of the shape, or those that its rule gives for this text.
struct LengthBounds {
  std::int64_t min = 0;
  std::int64_t max = shapes::kUnbounded;
  bool check_pattern = true;
};
LengthBounds length_bounds(const shapes::Shape& shape, std::string_view text);

/// Whether a value satisfies its shape.
bool satisfies(const shapes::Shape& shape, std::string_view text);
bool satisfies(const shapes::Shape& shape, std::int64_t number);
bool length_satisfies(const shapes::Shape& shape, std::int64_t members);

/// All constraints of a shape in brackets: "[Member must have length less than or equal to 25, Member must have …]".
std::string constraint_list(const shapes::Shape& shape);

std::string too_short(std::int64_t min);
std::string too_long(std::int64_t max);
std::string must_match(shapes::Pattern pattern);
std::string must_be_one_of(const shapes::Shape& shape);

}  // namespace stator::api
