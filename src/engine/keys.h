#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/attribute_value.h"
#include "engine/engine.h"
#include "store/key_encoding.h"

/// Keys of items, index entries and the catalog's rows, and the ranges that pages read. Formats: docs/format.md.
namespace stator::engine {

/// space | hash.
inline constexpr std::size_t kKeyHeadBytes = 12;

/// The hash in the head of a key.
std::uint64_t hash_of(std::string_view encoded_key);
/// The number of the range that a hash lies in, if all hashes are divided into `partitions` equal ranges.
std::size_t partition_of(std::uint64_t hash, std::size_t partitions);

/// The parts of a table key, without space and hash; every index key ends with them.
std::string_view key_parts(std::string_view encoded_table_key);

/// space | hash of the index hash values | index hash, range parts | table key parts.
std::string index_key(const Index& index, std::span<const core::AttributeValue> index_values,
                      std::string_view table_key_parts);

/// The table key that an index key ends with.
std::string table_key_of(const Table& table, const Index& index, std::string_view encoded_index_key);

/// A range of keys: [lower, upper); an empty `upper` is no bound.
struct KeyBounds {
  std::string lower;
  std::string upper;
};
KeyBounds page_bounds(const PageRequest& request);

/// The share of a space's keys before this one, 0 to 1: items are sorted by their hashes, which are evenly distributed.
double fraction_before(std::string_view item_key);

/// The range of all keys of a space.
KeyBounds space_bounds(store::SpaceId space);

/// The kinds of rows in the catalog (space 0), and the letters of their keys.
enum class CatalogRow : char {
  kTable = 'T',      // name -> JSON
  kNextSpace = 'S',  // -> decimal
  kCounters = 'C',   // table space, part -> counters
  kBuild = 'B',      // space being built or restored -> the key that was processed last
  kToken = 'I',      // time slot, ClientRequestToken -> a transaction that was committed under it
  kBackup = 'K',     // id of a backup -> JSON
  kExport = 'X',     // id of an export -> JSON
  kImport = 'M',     // id of an import -> JSON
  kBulkPut = 'P',    // id of a bulk put -> JSON
  kDropped = 'D',    // space whose rows are to be deleted
  kStream = 'L',     // space of a stream's records -> JSON
};
std::string catalog_key(CatalogRow row, std::string_view rest = {});
std::string catalog_key(CatalogRow row, store::SpaceId space);

}  // namespace stator::engine
