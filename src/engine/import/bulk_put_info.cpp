#include "engine/import/bulk_put_info.h"

#include "engine/json_row.h"

namespace stator::engine {
namespace {

/// In addition to the letters in keys.h.
constexpr auto kBulkPutRow = static_cast<CatalogRow>('P');

template <class Info, class Visit>
void for_each_text(Info& info, Visit visit) {
  visit("id", info.id);
  visit("arn", info.arn);
  visit("table_name", info.table_name);
  visit("table_id", info.table_id);
  visit("table_arn", info.table_arn);
  visit("client_token", info.client_token);
  visit("meaning", info.meaning);
  visit("bucket", info.source.bucket);
  visit("bucket_owner", info.source.bucket_owner);
  visit("prefix", info.source.prefix);
  visit("output_bucket", info.output.bucket);
  visit("output_bucket_owner", info.output.bucket_owner);
  visit("output_prefix", info.output.prefix);
  visit("sse_algorithm", info.output.sse_algorithm);
  visit("sse_kms_key", info.output.sse_kms_key);
  visit("input", info.input_json);
  visit("output", info.output_json);
  visit("performance_tier", info.performance_tier);
  visit("key", info.progress.key);
  visit("failure_code", info.failure_code);
  visit("failure_message", info.failure_message);
}

template <class Info, class Visit>
void for_each_number(Info& info, Visit visit) {
  visit("max_write_units", info.max_write_units);
  visit("position", info.progress.position);
  visit("bytes_before", info.progress.bytes_before);
  visit("processed", info.progress.processed);
  visit("put", info.progress.imported);
  visit("errors", info.progress.errors);
  visit("condition_failures", info.condition_failures);
  visit("total_bytes", info.total_bytes);
  visit("put_bytes", info.put_bytes);
  visit("report_parts", info.report_parts);
  visit("started_ms", info.started_ms);
  visit("ended_ms", info.ended_ms);
}

template <class Info, class Visit>
void for_each_flag(Info& info, Visit visit) {
  visit("report_errors", info.output.errors);
  visit("report_condition_failures", info.output.condition_failures);
  visit("object_done", info.progress.object_done);
  visit("read_all", info.progress.read_all);
}

}  // namespace

std::string bulk_put_key(std::string_view id) { return catalog_key(kBulkPutRow, id); }

std::string bulk_put_to_json(const BulkPutInfo& info) {
  std::string text;
  json::StringSink sink(text);
  json::Writer writer(sink);
  const UnknownMembers none;
  ObjectOut out(writer, none, "");
  for_each_text(info, [&](const char* name, const std::string& member) { out.put(name, std::string_view(member)); });
  for_each_number(info, [&](const char* name, auto member) { out.put(name, static_cast<std::int64_t>(member)); });
  for_each_flag(info, [&](const char* name, bool member) { out.put(name, member); });
  out.put("format", static_cast<std::int64_t>(info.source.format));
  out.put("compression", static_cast<std::int64_t>(info.source.compression));
  out.put("status", static_cast<std::int64_t>(info.status));
  out.end();
  return text;
}

BulkPutInfo bulk_put_from_json(std::string_view text) {
  json::Parser parser;
  ObjectIn in(parser.parse(text));
  BulkPutInfo info;
  for_each_text(info, [&](const char* name, std::string& member) { in.get(name, member); });
  for_each_number(info, [&](const char* name, auto& member) {
    std::int64_t number = 0;
    in.get(name, number);
    member = static_cast<std::remove_reference_t<decltype(member)>>(number);
  });
  for_each_flag(info, [&](const char* name, bool& member) { in.get(name, member); });
  in.get_enum("format", info.source.format, InputFormat::kCsv);
  in.get_enum("compression", info.source.compression, Compression::kZstd);
  in.get_enum("status", info.status, BulkPutStatus::kFailed);
  return info;
}

}  // namespace stator::engine
