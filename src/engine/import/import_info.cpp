#include "engine/import/import_info.h"

#include "engine/member_list.h"

namespace stator::engine {
namespace {

constexpr std::string_view kCut = "import-";
/// The members of an import's row, in the order in which they are written.
constexpr auto kMembers = [](auto& info, const auto& visit) {
  visit("id", info.id);
  visit("arn", info.arn);
  visit("table_arn", info.table_arn);
  visit("client_token", info.client_token);
  visit("bucket", info.source.bucket);
  visit("bucket_owner", info.source.bucket_owner);
  visit("prefix", info.source.prefix);
  visit("delimiter", info.source.delimiter);
  visit("creation", info.creation_json);
  visit("options", info.options_json);
  visit("table_name", info.table_name);
  visit("table_id", info.table_id);
  visit("table", info.table_row);
  visit("log_group_arn", info.log_group_arn);
  visit("key", info.progress.key);
  visit("failure_code", info.failure_code);
  visit("failure_message", info.failure_message);
  visit("position", info.progress.position);
  visit("bytes_before", info.progress.bytes_before);
  visit("processed", info.progress.processed);
  visit("imported", info.progress.imported);
  visit("errors", info.progress.errors);
  visit("started_ms", info.started_ms);
  visit("ended_ms", info.ended_ms);
  visit("header", info.source.header);
  visit("columns", info.progress.columns);
  visit("prefix_given", info.prefix_given);
  visit("object_done", info.progress.object_done);
  visit("read_all", info.progress.read_all);
  visit("format", info.source.format, InputFormat::kCsv);
  visit("compression", info.source.compression, Compression::kZstd);
  visit("status", info.status, ImportStatus::kFailed);
};

}  // namespace

std::string import_key(std::string_view id) { return catalog_key(CatalogRow::kImport, id); }

std::string import_to_json(const ImportInfo& info) { return members_to_json(info, kMembers); }

ImportInfo import_from_json(std::string_view text) { return members_from_json<ImportInfo>(text, kMembers); }

std::string import_cut(std::string_view id) { return std::string(kCut).append(id); }

bool is_import(const RestoreOrigin& origin) { return origin.cut.starts_with(kCut); }

}  // namespace stator::engine
