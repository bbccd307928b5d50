#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace stator::fuzz {

/// Aborts the program if a required property does not hold.
inline void require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "BROKEN RULE: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

/// Returns the text before the first `mark`, and removes both from `rest`.
inline std::string_view take_until(std::string_view& rest, char mark) {
  const std::size_t at = rest.find(mark);
  const std::string_view taken = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return taken;
}

}  // namespace stator::fuzz
