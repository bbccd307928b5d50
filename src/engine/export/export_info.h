#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/bucket/bucket.h"
#include "store/key_encoding.h"

namespace stator::engine {

enum class ExportStatus : std::uint8_t { kInProgress, kCompleted, kFailed };
enum class ExportFormat : std::uint8_t { kDynamoDbJson, kIon };

/// An export of a table: its request and its progress. Times are milliseconds since 1970.
struct ExportInfo {
  /// "01791506414432-3f2e5aa4": the time of the request in milliseconds, and a hash.
  std::string id;
  std::string arn;
  std::string table_name;
  std::string table_id;
  std::string table_arn;
  std::string client_token;
  /// The request's canonical text, compared if its token is used again.
  std::string canonical_text;
  std::string bucket;
  std::string bucket_owner;
  std::string prefix;
  ObjectEncryption encryption;
  /// FilterSpecification as it was sent; empty: none.
  std::string filter_json;
  ExportFormat format = ExportFormat::kDynamoDbJson;
  /// A full export has the state at `time_ms`, an incremental one the changes in [from_ms, to_ms).
  bool incremental = false;
  bool type_given = false;
  std::int64_t time_ms = 0;
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;
  bool old_images = true;
  /// The spaces of the table's items and of its recovery log in the checkpoint that is read.
  store::SpaceId space = 0;
  store::SpaceId log_space = 0;

  ExportStatus status = ExportStatus::kInProgress;
  std::int64_t started_ms = 0;
  std::int64_t ended_ms = 0;
  std::uint64_t items = 0;
  std::uint64_t billed_bytes = 0;
  std::string failure_code;
  std::string failure_message;
  /// The key of manifest-summary.json; empty until it is written.
  std::string manifest_key;

  /// The algorithm in descriptions and manifests: without a requested one the service shows the default of S3.
  [[nodiscard]] std::string_view shown_algorithm() const {
    return encryption.algorithm.empty() ? std::string_view("AES256") : encryption.algorithm;
  }
  /// The name of the checkpoint in the directory of backups.
  [[nodiscard]] std::string cut() const { return "export-" + id; }
  /// Whether changes in the checkpoint must be undone to get the requested data.
  [[nodiscard]] bool needs_rewind() const { return incremental || time_ms < started_ms; }
};
using ExportPtr = std::shared_ptr<const ExportInfo>;

/// Converts an export to and from the JSON of its row in the catalog. Throws std::runtime_error.
std::string export_to_json(const ExportInfo& info);
ExportInfo export_from_json(std::string_view text);

}  // namespace stator::engine
