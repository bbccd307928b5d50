#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/damage_error.h"

/// Values at rest (docs/format.md): a flags byte, the DynamoDB size as a varint, the canonical JSON.
namespace stator::engine {

/// The only defined flags; the other bits are reserved for what later versions must know without parsing.
inline constexpr char kPlainValue = 0;

inline void append_varint(std::uint64_t value, std::string& out) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

/// Reads a number and advances `in` past it. Throws core::DamageError.
inline std::uint64_t read_varint(std::string_view& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (in.empty()) break;
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  throw core::DamageError("a number of a stored value has no end");
}

/// Appends the header that precedes the JSON.
inline void append_value_header(std::size_t size_bytes, std::string& out) {
  out.push_back(kPlainValue);
  append_varint(size_bytes, out);
}

struct StoredValue {
  std::string_view json;
  std::size_t size_bytes = 0;
};

/// Throws core::DamageError if the header is damaged; does not check the JSON.
inline StoredValue read_value(std::string_view stored) {
  if (stored.empty() || stored.front() != kPlainValue) {
    throw core::DamageError("a stored value has no header that this version knows");
  }
  stored.remove_prefix(1);
  const std::size_t size_bytes = read_varint(stored);
  return {stored, size_bytes};
}

}  // namespace stator::engine
