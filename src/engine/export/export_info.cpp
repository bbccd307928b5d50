#include "engine/export/export_info.h"

#include "engine/json_row.h"

namespace stator::engine {
namespace {

/// The members by name, in the order in which they are written; `visit(name, member)` for each.
template <class Info, class Visit>
void for_each_text(Info& info, Visit visit) {
  visit("id", info.id);
  visit("arn", info.arn);
  visit("table_name", info.table_name);
  visit("table_id", info.table_id);
  visit("table_arn", info.table_arn);
  visit("client_token", info.client_token);
  visit("meaning", info.meaning);
  visit("bucket", info.bucket);
  visit("bucket_owner", info.bucket_owner);
  visit("prefix", info.prefix);
  visit("sse_algorithm", info.sse_algorithm);
  visit("sse_kms_key", info.sse_kms_key);
  visit("filter", info.filter_json);
  visit("failure_code", info.failure_code);
  visit("failure_message", info.failure_message);
  visit("manifest_key", info.manifest_key);
}

template <class Info, class Visit>
void for_each_number(Info& info, Visit visit) {
  visit("time_ms", info.time_ms);
  visit("from_ms", info.from_ms);
  visit("to_ms", info.to_ms);
  visit("started_ms", info.started_ms);
  visit("ended_ms", info.ended_ms);
  visit("space", info.space);
  visit("log_space", info.log_space);
  visit("items", info.items);
  visit("billed_bytes", info.billed_bytes);
}

template <class Info, class Visit>
void for_each_flag(Info& info, Visit visit) {
  visit("incremental", info.incremental);
  visit("type_given", info.type_given);
  visit("old_images", info.old_images);
}

}  // namespace

std::string export_to_json(const ExportInfo& info) {
  std::string text;
  json::StringSink sink(text);
  json::Writer writer(sink);
  const UnknownMembers none;
  ObjectOut out(writer, none, "");
  for_each_text(info, [&](const char* name, const std::string& member) { out.put(name, std::string_view(member)); });
  for_each_number(info, [&](const char* name, auto member) { out.put(name, static_cast<std::int64_t>(member)); });
  for_each_flag(info, [&](const char* name, bool member) { out.put(name, member); });
  out.put("format", static_cast<std::int64_t>(info.format));
  out.put("status", static_cast<std::int64_t>(info.status));
  out.end();
  return text;
}

ExportInfo export_from_json(std::string_view text) {
  json::Parser parser;
  ObjectIn in(parser.parse(text));
  ExportInfo info;
  for_each_text(info, [&](const char* name, std::string& member) { in.get(name, member); });
  for_each_number(info, [&](const char* name, auto& member) {
    std::int64_t number = 0;
    in.get(name, number);
    member = static_cast<std::remove_reference_t<decltype(member)>>(number);
  });
  for_each_flag(info, [&](const char* name, bool& member) { in.get(name, member); });
  in.get_enum("format", info.format, ExportFormat::kIon);
  in.get_enum("status", info.status, ExportStatus::kFailed);
  return info;
}

}  // namespace stator::engine
