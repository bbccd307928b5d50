#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "endpoint/endpoint.h"
#include "toolkit/table_info.h"

/// Compares two tables, item by item, on any two endpoints.
namespace stator::toolkit {

enum class Difference : std::uint8_t {
  kOnlyInSource,
  kOnlyInDestination,
  kChanged,
};
struct DiffResult {
  std::uint64_t equal = 0;
  std::uint64_t only_in_source = 0;
  std::uint64_t only_in_destination = 0;
  std::uint64_t changed = 0;
};
/// Called for each difference with the key (wire JSON) and, for kChanged, the names of the attributes that differ.
using DifferenceVisitor =
    std::function<void(Difference difference, const std::string& key_json, const std::vector<std::string>& attributes)>;

/// Compares two tables with the same key. Keeps 48 bytes in memory for each item of the source. Calls `progress` with
/// the number of items read from both tables; it may throw to end the comparison.
DiffResult diff_tables(endpoint::Endpoint& source, const TableInfo& source_table, endpoint::Endpoint& destination,
                       const TableInfo& destination_table, std::uint32_t segments, const DifferenceVisitor& visit,
                       const std::function<void(std::uint64_t items)>& progress);

}  // namespace stator::toolkit
