#include "engine/import/bulk_put_info.h"

#include "engine/member_list.h"

namespace stator::engine {
namespace {

/// The members of a bulk put's row, in the order in which they are written.
constexpr auto kMembers = [](auto& info, const auto& visit) {
  visit("id", info.id);
  visit("arn", info.arn);
  visit("table_name", info.table_name);
  visit("table_id", info.table_id);
  visit("table_arn", info.table_arn);
  visit("client_token", info.client_token);
  visit("meaning", info.canonical_text);
  visit("bucket", info.source.bucket);
  visit("bucket_owner", info.source.bucket_owner);
  visit("prefix", info.source.prefix);
  visit("output_bucket", info.output.bucket);
  visit("output_bucket_owner", info.output.bucket_owner);
  visit("output_prefix", info.output.prefix);
  visit("sse_algorithm", info.output.encryption.algorithm);
  visit("sse_kms_key", info.output.encryption.kms_key);
  visit("input", info.input_json);
  visit("output", info.output_json);
  visit("performance_tier", info.performance_tier);
  visit("key", info.progress.key);
  visit("failure_code", info.failure_code);
  visit("failure_message", info.failure_message);
  visit("max_write_units", info.max_write_units);
  visit("position", info.progress.position);
  visit("bytes_before", info.progress.bytes_before);
  visit("processed", info.progress.processed);
  visit("put", info.progress.imported);
  visit("errors", info.progress.errors);
  visit("condition_failures", info.condition_failures);
  visit("total_bytes", info.total_bytes);
  visit("read_bytes", info.read_bytes);
  visit("put_bytes", info.put_bytes);
  visit("local_bytes", info.local_bytes);
  visit("global_bytes", info.global_bytes);
  visit("vector_bytes", info.vector_bytes);
  visit("report_parts", info.report_parts);
  visit("started_ms", info.started_ms);
  visit("ended_ms", info.ended_ms);
  visit("report_errors", info.output.errors);
  visit("report_condition_failures", info.output.condition_failures);
  visit("object_done", info.progress.object_done);
  visit("read_all", info.progress.read_all);
  visit("format", info.source.format, InputFormat::kCsv);
  visit("compression", info.source.compression, Compression::kZstd);
  visit("status", info.status, BulkPutStatus::kFailed);
};

}  // namespace

std::string bulk_put_key(std::string_view id) { return catalog_key(CatalogRow::kBulkPut, id); }

std::string bulk_put_to_json(const BulkPutInfo& info) { return members_to_json(info, kMembers); }

BulkPutInfo bulk_put_from_json(std::string_view text) { return members_from_json<BulkPutInfo>(text, kMembers); }

}  // namespace stator::engine
