#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "endpoint/endpoint.h"
#include "json/reader.h"
#include "toolkit/call.h"
#include "toolkit/table_info.h"

/// Copying a table from one endpoint to another, and comparing two tables, item by item. Both work with anything that
/// answers DynamoDB's API.
namespace stator::toolkit {

/// Count and sum of all items' hashes: equal for tables that hold equal items, in whatever order they come.
struct TableChecksum {
  std::uint64_t items = 0;
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  /// Adds an item (wire JSON). Items that DynamoDB holds equal add the same: numbers by value, sets and maps without
  /// order.
  void add(const json::Object& item);
  void add(const TableChecksum& other);
  bool operator==(const TableChecksum&) const = default;
  /// 32 hex digits.
  [[nodiscard]] std::string text() const;
};

/// The checksum of a whole table, read in `segments` at once.
TableChecksum checksum_of_table(endpoint::Endpoint& endpoint, const std::string& table, std::uint32_t segments,
                                const std::function<void(std::uint64_t items)>& progress);

/// CreateTable's request for a table like the described one, under another name: keys, indexes, billing and stream.
std::string create_request_like(const TableInfo& table, const std::string& name);

struct CopyOptions {
  /// Segments read and written at once, 1 to 64.
  std::uint32_t segments = 4;
  /// Where the copy notes how far it is, so that the same command goes on after it was ended. Empty: nowhere. Removed
  /// at the end.
  std::filesystem::path state_file;
  /// Names both sides in the state file, which must fit.
  std::string identity;
};

struct CopyResult {
  /// Of all items copied, those of earlier runs included.
  TableChecksum source;
  /// Items that earlier runs had copied.
  std::uint64_t resumed_items = 0;
};

/// Reads every item of `source_table` and writes it into `destination_table`, which exists. Throttled requests are
/// tried again, waiting longer each time. Throws OperationError, std::runtime_error; the state file then tells how far
/// it came.
CopyResult copy_table(endpoint::Endpoint& source, const TableInfo& source_table, endpoint::Endpoint& destination,
                      const TableInfo& destination_table, const CopyOptions& options,
                      const std::function<void(std::uint64_t items)>& progress, const Sleep& sleep = sleep_for_real);

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
/// Called for each difference with the key (wire JSON) and, where the items differ, the names of the attributes that
/// do.
using DifferenceVisitor =
    std::function<void(Difference difference, const std::string& key_json, const std::vector<std::string>& attributes)>;

/// Compares two tables of the same key. Keeps 48 bytes an item of the source.
DiffResult diff_tables(endpoint::Endpoint& source, const TableInfo& source_table, endpoint::Endpoint& destination,
                       const TableInfo& destination_table, std::uint32_t segments, const DifferenceVisitor& visit);

}  // namespace stator::toolkit
