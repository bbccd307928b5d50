#include "json/parsing_memory.h"

#include <cstdint>

namespace stator::json {

std::size_t parsing_bytes(std::string_view text) {
  // simdjson's memory for each value or name: two words, plus an index entry for each syntax character around it.
  constexpr std::size_t kBytesOfAValue = 32;
  const auto is_before_a_value = [](char c) { return c == ',' || c == ':' || c == '[' || c == '{'; };
  // Counts in blocks, which compilers vectorise.
  constexpr std::size_t kBlock = 64;
  std::size_t values = 0;
  std::size_t at = 0;
  for (; at + kBlock <= text.size(); at += kBlock) {
    std::uint8_t in_block = 0;
    for (std::size_t i = 0; i < kBlock; ++i) {
      in_block = static_cast<std::uint8_t>(in_block + (is_before_a_value(text[at + i]) ? 1 : 0));
    }
    values += in_block;
  }
  for (; at < text.size(); ++at) values += is_before_a_value(text[at]) ? 1 : 0;
  return kBytesOfAValue * values;
}

}  // namespace stator::json
