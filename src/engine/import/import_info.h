#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/import/record_reader.h"
#include "engine/keys.h"
#include "engine/table.h"

namespace stator::engine {

enum class ImportStatus : std::uint8_t { kInProgress, kCompleted, kFailed };

/// Where records come from.
struct ImportSource {
  std::string bucket;
  std::string bucket_owner;
  std::string prefix;
  InputFormat format = InputFormat::kDynamoDbJson;
  Compression compression = Compression::kNone;
  /// CSV only.
  std::string delimiter = ",";
  /// CSV only: the given names of the columns; empty: each object begins with its own header.
  std::vector<std::string> header;
};

/// How far an import has read its records.
struct ImportProgress {
  /// The key of the object that is being read, or was read last; empty at the start.
  std::string key;
  /// How many bytes of its decompressed text were processed.
  std::uint64_t position = 0;
  /// CSV only: the names of its columns.
  std::vector<std::string> columns;
  /// Whether that object was read to its end.
  bool object_done = false;
  /// The decompressed size of the objects before that one.
  std::uint64_t bytes_before = 0;
  std::uint64_t processed = 0;
  std::uint64_t imported = 0;
  std::uint64_t errors = 0;
  /// Whether all records were read.
  bool read_all = false;

  [[nodiscard]] std::uint64_t bytes() const { return bytes_before + position; }
};

/// An import of a table: the request, its progress and status. Times are milliseconds since 1970.
struct ImportInfo {
  /// "01658528578619-c4d4e311": the time of the request and a hash.
  std::string id;
  std::string arn;
  std::string table_arn;
  std::string client_token;
  ImportSource source;
  /// TableCreationParameters and InputFormatOptions as they were sent: JSON objects. Without options, options_json is
  /// empty.
  std::string creation_json;
  std::string options_json;
  /// Whether the request had a prefix.
  bool prefix_given = false;
  /// The new table. `table_row`: the JSON of its row in the catalog, before key spaces are assigned.
  std::string table_name;
  std::string table_id;
  std::string table_row;
  std::string log_group_arn;

  ImportProgress progress;
  ImportStatus status = ImportStatus::kInProgress;
  std::int64_t started_ms = 0;
  std::int64_t ended_ms = 0;
  std::string failure_code;
  std::string failure_message;
};
using ImportPtr = std::shared_ptr<const ImportInfo>;

/// The catalog's row of an import: its key, and its JSON in both directions. Throws std::runtime_error.
std::string import_key(std::string_view id);
std::string import_to_json(const ImportInfo& info);
ImportInfo import_from_json(std::string_view text);

/// The `RestoreOrigin::cut` of a table filled by an import; no checkpoint has this name.
std::string import_cut(std::string_view id);
bool is_import(const RestoreOrigin& origin);

}  // namespace stator::engine
