#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/attribute_value.h"

/// Keys as bytes whose memcmp order is DynamoDB's order:
/// `space id (4 bytes, big endian) | hash of the partition key (8 bytes, big endian) | partition key parts | sort key
/// parts`. Each part is self-delimiting: strings and binaries escape 0x00 and end with a terminator that sorts before
/// every content byte; numbers as core::Number::append_ordered. No part is a prefix of another.
namespace stator::store {

/// The key space of a table or an index (0 is the catalog).
using SpaceId = std::uint32_t;

void append_space(SpaceId space, std::string& out);
/// 8 bytes, big endian: the start, within its space, of a partition or of a segment of a parallel scan.
void append_hash(std::uint64_t hash, std::string& out);
/// Appends a value of type S, N or B.
void append_part(const core::AttributeValue& value, std::string& out);
/// Appends the content of a string or binary part without its terminator: the prefix for begins_with.
void append_part_prefix(std::string_view bytes, std::string& out);
/// Reads one part and removes it from `in`.
core::AttributeValue read_part(core::AttributeType type, std::string_view& in);

/// The hash (XXH3, 64 bits) of the encoded parts of a partition key. Scans return partitions in the order of their
/// hashes.
std::uint64_t partition_hash(std::string_view encoded_partition_parts);

/// space | hash | parts of the partition key: the common prefix of all items of a partition.
std::string partition_prefix(SpaceId space, std::span<const core::AttributeValue> hash_values);

/// The smallest byte string greater than every string that starts with `prefix`; empty when there is none.
std::string prefix_end(std::string_view prefix);

}  // namespace stator::store
