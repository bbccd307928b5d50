#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace stator::fuzz {

/// Ends the program, as a crash does, where something that must hold does not.
inline void require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "BROKEN RULE: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

/// The text before the first `mark`, which is taken off `rest` with it.
inline std::string_view take_until(std::string_view& rest, char mark) {
  const std::size_t at = rest.find(mark);
  const std::string_view taken = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return taken;
}

}  // namespace stator::fuzz
