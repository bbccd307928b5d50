#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace stator::server {

/// Makes values of x-amzn-RequestId: 52 characters of 0-9 and A-V (260 bits in base 32), like the service's. Not
/// secret. Seeded by the system; one object per thread.
class RequestIds {
 public:
  static constexpr std::size_t kLength = 52;
  RequestIds();
  /// Valid until the next call.
  std::string_view next();

 private:
  std::uint64_t next_word();

  std::array<std::uint64_t, 4> state_;
  std::array<char, kLength> text_{};
};

}  // namespace stator::server
