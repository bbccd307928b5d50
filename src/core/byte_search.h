#pragma once

#include <cstring>
#include <string_view>

namespace stator::core {

/// Whether `whole` contains `part`. Takes time linear in the sum of both lengths, where std::string_view::find may take
/// their product. glibc's memmem has two algorithms, chosen by the length of `part`; both are linear ("Fast memmem
/// algorithm with guaranteed linear-time performance", since 2.29).
inline bool contains_bytes(std::string_view whole, std::string_view part) {
  return memmem(whole.data(), whole.size(), part.data(), part.size()) != nullptr;
}

}  // namespace stator::core
