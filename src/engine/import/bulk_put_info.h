#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/bucket/bucket.h"
#include "engine/import/import_info.h"

namespace stator::engine {

enum class BulkPutStatus : std::uint8_t {
  kInProgress,
  kCompleted,
  kCompletedWithErrors,
  kCancelling,
  kCancelled,
  kFailed,
};

/// Where reports on records that were not put are written, and which reports are wanted.
struct BulkPutOutput {
  std::string bucket;
  std::string bucket_owner;
  std::string prefix;
  ObjectEncryption encryption;
  bool errors = false;
  bool condition_failures = false;
};

/// A bulk put of the items of a bucket into a table: the request, its progress and status. Times are milliseconds since
/// 1970.
struct BulkPutInfo {
  std::string id;
  std::string arn;
  std::string table_name;
  std::string table_id;
  std::string table_arn;
  std::string client_token;
  /// The request's canonical text, compared if its token is used again.
  std::string canonical_text;
  ImportSource source;
  BulkPutOutput output;
  /// InputS3Configuration and OutputS3Configuration as they were sent: JSON objects.
  std::string input_json;
  std::string output_json;
  std::string performance_tier;
  std::int64_t max_write_units = 0;  // 0: none given

  /// `imported`: records that were put; `errors`: faulty records.
  ImportProgress progress;
  std::uint64_t condition_failures = 0;
  /// The bytes of the objects as they are in the bucket, and how many of them were read.
  std::uint64_t total_bytes = 0;
  std::uint64_t read_bytes = 0;
  /// The DynamoDB size of the items that were put.
  std::uint64_t put_bytes = 0;
  /// The size of their entries in each index, by name of the index.
  std::map<std::string, std::uint64_t> local_bytes;
  std::map<std::string, std::uint64_t> global_bytes;
  std::map<std::string, std::uint64_t> vector_bytes;
  /// How many parts the reports have.
  std::uint64_t report_parts = 0;
  BulkPutStatus status = BulkPutStatus::kInProgress;
  std::int64_t started_ms = 0;
  std::int64_t ended_ms = 0;
  std::string failure_code;
  std::string failure_message;

  [[nodiscard]] bool is_under_way() const {
    return status == BulkPutStatus::kInProgress || status == BulkPutStatus::kCancelling;
  }
};
using BulkPutPtr = std::shared_ptr<const BulkPutInfo>;

/// The catalog's row of a bulk put: its key, and its JSON in both directions. Throws std::runtime_error.
std::string bulk_put_key(std::string_view id);
std::string bulk_put_to_json(const BulkPutInfo& info);
BulkPutInfo bulk_put_from_json(std::string_view text);

}  // namespace stator::engine
