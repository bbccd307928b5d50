#include "engine/export/export_info.h"

#include "engine/member_list.h"

namespace stator::engine {
namespace {

/// The members of an export's row, in the order in which they are written.
constexpr auto kMembers = [](auto& info, const auto& visit) {
  visit("id", info.id);
  visit("arn", info.arn);
  visit("table_name", info.table_name);
  visit("table_id", info.table_id);
  visit("table_arn", info.table_arn);
  visit("client_token", info.client_token);
  visit("meaning", info.canonical_text);
  visit("bucket", info.bucket);
  visit("bucket_owner", info.bucket_owner);
  visit("prefix", info.prefix);
  visit("sse_algorithm", info.encryption.algorithm);
  visit("sse_kms_key", info.encryption.kms_key);
  visit("filter", info.filter_json);
  visit("failure_code", info.failure_code);
  visit("failure_message", info.failure_message);
  visit("manifest_key", info.manifest_key);
  visit("time_ms", info.time_ms);
  visit("from_ms", info.from_ms);
  visit("to_ms", info.to_ms);
  visit("started_ms", info.started_ms);
  visit("ended_ms", info.ended_ms);
  visit("space", info.space);
  visit("log_space", info.log_space);
  visit("items", info.items);
  visit("billed_bytes", info.billed_bytes);
  visit("incremental", info.incremental);
  visit("type_given", info.type_given);
  visit("old_images", info.old_images);
  visit("format", info.format, ExportFormat::kIon);
  visit("status", info.status, ExportStatus::kFailed);
};

}  // namespace

std::string export_to_json(const ExportInfo& info) { return members_to_json(info, kMembers); }

ExportInfo export_from_json(std::string_view text) { return members_from_json<ExportInfo>(text, kMembers); }

}  // namespace stator::engine
