#include "toolkit/table_checksum.h"

#include <xxhash.h>

#include <map>
#include <string_view>

#include "core/attribute_value.h"
#include "core/hexadecimal.h"
#include "json/canonical.h"
#include "json/item.h"
#include "json/writer.h"
#include "toolkit/segment_scan.h"

namespace stator::toolkit {

ItemHash hash_of_text(std::string_view text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return {hash.high64, hash.low64};
}

ItemHash hash_of_item(const json::Object& item) {
  std::map<std::string_view, json::Value> attributes;
  for (const auto member : item) attributes.emplace(member.key, member.value);
  std::string text;
  for (const auto& [name, value] : attributes) {
    json::append_string(name, text);
    json::append_sorted_value(json::read_value(value), text);
  }
  return hash_of_text(text);
}

void TableChecksum::add(const json::Object& item) {
  const ItemHash hash = hash_of_item(item);
  add(TableChecksum{1, hash.high, hash.low});
}

void TableChecksum::add(const TableChecksum& other) {
  items += other.items;
  low += other.low;
  high += other.high + (low < other.low ? 1U : 0U);
}

std::string TableChecksum::text() const { return core::hexadecimal(high) + core::hexadecimal(low); }

TableChecksum checksum_of_table(endpoint::Endpoint& endpoint, const std::string& table, std::uint32_t segments,
                                const std::function<void(std::uint64_t items)>& progress) {
  std::vector<SegmentState> states(segments);
  std::uint64_t items = 0;
  SegmentScan scan;
  scan.table = table;
  // Hashing takes longer than reading, so each segment's thread does its own.
  scan.work = [](const json::Array& page, SegmentState& state) {
    for (const json::Value value : page) state.done.add(value.get_object().value());
  };
  scan.commit = [&](const json::Array& page) { progress(items += page.size()); };
  scan_segments(endpoint, scan, states);
  TableChecksum sum;
  for (const SegmentState& state : states) sum.add(state.done);
  return sum;
}

}  // namespace stator::toolkit
