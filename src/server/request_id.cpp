#include "server/request_id.h"

#include <algorithm>
#include <bit>

#include "core/random.h"

namespace stator::server {

RequestIds::RequestIds() {
  for (std::uint64_t& word : state_) word = core::random_word() | 1;
}

// xoshiro256** (Blackman and Vigna, 2018): a few instructions a word; ids only need to differ.
std::uint64_t RequestIds::next_word() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::string_view RequestIds::next() {
  constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
  constexpr std::size_t kDigitsPerWord = 12;
  for (std::size_t begin = 0; begin < kLength; begin += kDigitsPerWord) {
    std::uint64_t word = next_word();
    const std::size_t end = std::min(begin + kDigitsPerWord, kLength);
    for (std::size_t i = begin; i < end; ++i) {
      text_[i] = kDigits[word & 31];
      word >>= 5;
    }
  }
  return {text_.data(), text_.size()};
}

}  // namespace stator::server
