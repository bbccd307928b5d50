#include "engine/keys.h"

namespace stator::engine {
namespace {

core::AttributeType type_of(const core::KeySchema& schema, std::size_t part) {
  return part < schema.hash.size() ? schema.hash[part].type : schema.range[part - schema.hash.size()].type;
}

/// The bounds of the keys with this prefix whose next part matches the predicate.
KeyBounds predicate_bounds(const std::string& prefix, const expression::KeyPredicate& predicate) {
  using expression::KeyOperator;
  std::string first = prefix;
  if (predicate.op == KeyOperator::kBeginsWith) {
    if (const auto* text = predicate.first.get_if<std::string>()) {
      store::append_part_prefix(*text, first);
    } else if (const auto* binary = predicate.first.get_if<core::AttributeValue::Binary>()) {
      store::append_part_prefix(binary->bytes, first);
    }
    return {first, store::prefix_end(first)};
  }
  store::append_part(predicate.first, first);
  switch (predicate.op) {
    case KeyOperator::kEqual:
      return {first, store::prefix_end(first)};
    case KeyOperator::kLess:
      return {prefix, first};
    case KeyOperator::kLessOrEqual:
      return {prefix, store::prefix_end(first)};
    case KeyOperator::kGreater:
      return {store::prefix_end(first), store::prefix_end(prefix)};
    case KeyOperator::kGreaterOrEqual:
      return {first, store::prefix_end(prefix)};
    case KeyOperator::kBetween: {
      std::string second = prefix;
      store::append_part(predicate.second, second);
      return {first, store::prefix_end(second)};
    }
    case KeyOperator::kBeginsWith:
    case KeyOperator::kNotIndexable:  // refused earlier
      break;
  }
  return {prefix, store::prefix_end(prefix)};
}

}  // namespace

std::uint64_t hash_of(std::string_view encoded_key) {
  std::uint64_t hash = 0;
  for (std::size_t at = kKeyHeadBytes - sizeof hash; at < kKeyHeadBytes; ++at) {
    hash = hash << 8U | (at < encoded_key.size() ? static_cast<unsigned char>(encoded_key[at]) : 0U);
  }
  return hash;
}

std::size_t partition_of(std::uint64_t hash, std::size_t partitions) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::size_t>((static_cast<Wide>(hash) * partitions) >> 64U);
}

std::string_view key_parts(std::string_view encoded_table_key) { return encoded_table_key.substr(kKeyHeadBytes); }

std::string index_key(const Index& index, std::span<const core::AttributeValue> index_values,
                      std::string_view table_key_parts) {
  const std::size_t hash_count = index.key_schema.hash.size();
  std::string key = store::partition_prefix(index.space, index_values.first(hash_count));
  for (const core::AttributeValue& value : index_values.subspan(hash_count)) store::append_part(value, key);
  key.append(table_key_parts);
  return key;
}

std::string table_key_of(const Table& table, const Index& index, std::string_view encoded_index_key) {
  std::string_view rest = encoded_index_key.substr(kKeyHeadBytes);
  const std::size_t index_parts = index.key_schema.hash.size() + index.key_schema.range.size();
  for (std::size_t i = 0; i < index_parts; ++i) store::read_part(type_of(index.key_schema, i), rest);
  std::string_view hash_parts = rest;
  std::string_view behind = rest;
  for (const core::KeyAttribute& attribute : table.key_schema.hash) store::read_part(attribute.type, behind);
  hash_parts.remove_suffix(behind.size());
  std::string key;
  store::append_space(table.space, key);
  store::append_hash(store::partition_hash(hash_parts), key);
  key.append(rest);
  return key;
}

KeyBounds page_bounds(const PageRequest& request) {
  const store::SpaceId space = request.index == nullptr ? request.table->space : request.index->space;
  if (request.range) {
    std::string prefix = store::partition_prefix(space, request.range->hash);
    for (const core::AttributeValue& value : request.range->range_equal) store::append_part(value, prefix);
    if (request.range->range) return predicate_bounds(prefix, *request.range->range);
    return {prefix, store::prefix_end(prefix)};
  }
  KeyBounds bounds = space_bounds(space);
  // Segment s of n covers the hashes [s * 2^64 / n, (s + 1) * 2^64 / n).
  __extension__ using Wide = unsigned __int128;
  const auto boundary = [&request](std::uint32_t segment) {
    return static_cast<std::uint64_t>((static_cast<Wide>(segment) << 64) / request.total_segments);
  };
  if (request.segment > 0) store::append_hash(boundary(request.segment), bounds.lower);
  if (request.segment + 1 < request.total_segments) {
    bounds.upper.clear();
    store::append_space(space, bounds.upper);
    store::append_hash(boundary(request.segment + 1), bounds.upper);
  }
  return bounds;
}

KeyBounds space_bounds(store::SpaceId space) {
  KeyBounds bounds;
  store::append_space(space, bounds.lower);
  bounds.upper = store::prefix_end(bounds.lower);
  return bounds;
}

std::string catalog_key(CatalogRow row, std::string_view rest) {
  std::string key;
  store::append_space(0, key);
  key.push_back(static_cast<char>(row));
  key.append(rest);
  return key;
}

std::string catalog_key(CatalogRow row, store::SpaceId space) {
  std::string key = catalog_key(row);
  store::append_space(space, key);
  return key;
}

double fraction_before(std::string_view item_key) {
  std::uint64_t hash = 0;
  for (const char byte : item_key.substr(sizeof(store::SpaceId), sizeof(hash))) {
    hash = hash << 8 | static_cast<unsigned char>(byte);
  }
  return static_cast<double>(hash) / 0x1p64;
}

Key Engine::make_key(const Table& table, std::vector<core::AttributeValue> values) {
  Key key;
  const std::size_t hash_count = table.key_schema.hash.size();
  key.encoded = store::partition_prefix(table.space, std::span(values).first(hash_count));
  key.partition_length = key.encoded.size();
  for (const core::AttributeValue& value : std::span(values).subspan(hash_count)) {
    store::append_part(value, key.encoded);
  }
  key.values = std::move(values);
  return key;
}

StartPosition Engine::make_start(const Table& /*table*/, const Index* index,
                                 std::span<const core::AttributeValue> index_values, const Key& table_key) {
  if (index == nullptr) return {table_key.encoded};
  return {index_key(*index, index_values, key_parts(table_key.encoded))};
}

bool Engine::start_in_range(const PageRequest& request) {
  if (!request.start) return true;
  const KeyBounds bounds = page_bounds(request);
  const std::string& start = request.start->encoded;
  return start >= bounds.lower && (bounds.upper.empty() || start < bounds.upper);
}

}  // namespace stator::engine
