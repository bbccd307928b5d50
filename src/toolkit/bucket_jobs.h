#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "endpoint/endpoint.h"
#include "toolkit/call.h"
#include "toolkit/table_words.h"

/// Imports of tables from buckets and exports to them, by ImportTable and ExportTableToPointInTime: the endpoint itself
/// reads and writes the bucket.
namespace stator::toolkit {

struct TableImport {
  std::string table;
  std::string bucket;
  std::string prefix;
  std::string format;       // "DYNAMODB_JSON", "ION" or "CSV"
  std::string compression;  // "NONE", "GZIP" or "ZSTD"
  std::string delimiter;    // CSV only; empty: the comma
  std::vector<std::string> header;
  /// The partition key and, if the table has one, the sort key; or `creation_json`: TableCreationParameters as a JSON
  /// object without TableName.
  std::vector<KeyWord> keys;
  std::string creation_json;
};

struct ImportOutcome {
  std::string arn;
  std::string status;
  std::uint64_t processed = 0;
  std::uint64_t imported = 0;
  std::uint64_t errors = 0;
  std::string failure_code;
  std::string failure_message;
  /// DescribeImport's description.
  std::string json;
};

/// Called with the number of items read so far.
using ItemProgress = std::function<void(std::uint64_t items)>;

/// Starts the import and waits until it has completed or failed. Throws OperationError, and std::runtime_error with one
/// line for the user if a value is invalid.
ImportOutcome import_table(endpoint::Endpoint& endpoint, const TableImport& import, const ItemProgress& progress,
                           const Sleep& sleep = sleep_for_real);

struct TableExport {
  std::string table;
  std::string bucket;
  std::string prefix;
  std::string format;  // "DYNAMODB_JSON" or "ION"
  /// Seconds since 1970; 0: not given. `from` makes it an incremental export.
  double at = 0;
  double from = 0;
  double to = 0;
};

struct ExportOutcome {
  std::string arn;
  std::string status;
  std::uint64_t items = 0;
  std::string manifest_key;
  std::string failure_code;
  std::string failure_message;
  /// DescribeExport's description.
  std::string json;
};

/// The same for an export.
ExportOutcome export_table(endpoint::Endpoint& endpoint, const TableExport& wanted,
                           const Sleep& sleep = sleep_for_real);

}  // namespace stator::toolkit
