#pragma once

#include <algorithm>
#include <string>
#include <string_view>

/// ASCII letters of protocols, names and keywords, regardless of the locale: only A to Z are lowered.
namespace stator::core {

[[nodiscard]] constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

[[nodiscard]] inline std::string lowered(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

/// Whether the texts are equal except for upper and lower case.
[[nodiscard]] constexpr bool equals_ignoring_case(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, {}, lower, lower);
}

}  // namespace stator::core
