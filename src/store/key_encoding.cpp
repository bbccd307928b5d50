#include "store/key_encoding.h"

#include <xxhash.h>

#include <stdexcept>

#include "core/damage_error.h"

namespace stator::store {
namespace {

// A part's content never contains kTerminator: 0x00 becomes 01 01 and 0x01 becomes 01 02, which keeps the bytes' order.
constexpr char kTerminator = '\x00';
constexpr char kEscape = '\x01';

void append_escaped(std::string_view bytes, std::string& out) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (static_cast<unsigned char>(bytes[i]) > 0x01) continue;
    out.append(bytes, begin, i - begin);
    out.push_back(kEscape);
    out.push_back(static_cast<char>(bytes[i] + 1));
    begin = i + 1;
  }
  out.append(bytes, begin, bytes.size() - begin);
}

std::string read_escaped(std::string_view& in) {
  std::string bytes;
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i] == kTerminator) {
      in.remove_prefix(i + 1);
      return bytes;
    }
    if (in[i] != kEscape) {
      bytes.push_back(in[i]);
      continue;
    }
    if (++i == in.size()) break;
    bytes.push_back(static_cast<char>(in[i] - 1));
  }
  throw core::DamageError("a key part has no end");
}

void append_big_endian(std::uint64_t value, unsigned bytes, std::string& out) {
  for (unsigned i = bytes; i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i)));
}

}  // namespace

void append_space(SpaceId space, std::string& out) { append_big_endian(space, 4, out); }

void append_hash(std::uint64_t hash, std::string& out) { append_big_endian(hash, 8, out); }

void append_part(const core::AttributeValue& value, std::string& out) {
  if (const auto* text = value.get_if<std::string>()) {
    append_escaped(*text, out);
    out.push_back(kTerminator);
  } else if (const auto* number = value.get_if<core::Number>()) {
    number->append_ordered(out);
  } else if (const auto* binary = value.get_if<core::AttributeValue::Binary>()) {
    append_escaped(binary->bytes, out);
    out.push_back(kTerminator);
  } else {
    throw std::logic_error("only S, N and B can be key parts");
  }
}

void append_part_prefix(std::string_view bytes, std::string& out) { append_escaped(bytes, out); }

core::AttributeValue read_part(core::AttributeType type, std::string_view& in) {
  switch (type) {
    case core::AttributeType::kString:
      return core::AttributeValue::string(read_escaped(in));
    case core::AttributeType::kNumber:
      return core::AttributeValue::number(core::Number::read_ordered(in));
    case core::AttributeType::kBinary:
      return core::AttributeValue::binary(read_escaped(in));
    default:
      throw std::logic_error("only S, N and B can be key parts");
  }
}

std::uint64_t partition_hash(std::string_view encoded_partition_parts) {
  return XXH3_64bits(encoded_partition_parts.data(), encoded_partition_parts.size());
}

std::string partition_prefix(SpaceId space, std::span<const core::AttributeValue> hash_values) {
  std::string prefix;
  append_space(space, prefix);
  prefix.append(8, '\0');
  for (const core::AttributeValue& value : hash_values) append_part(value, prefix);
  const std::uint64_t hash = partition_hash(std::string_view(prefix).substr(12));
  for (unsigned i = 0; i < 8; ++i) prefix[4 + i] = static_cast<char>(hash >> (56 - 8 * i));
  return prefix;
}

std::string prefix_end(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

}  // namespace stator::store
