#include "engine/import/import_info.h"

#include "engine/json_row.h"

namespace stator::engine {
namespace {

constexpr std::string_view kCut = "import-";
/// In addition to the letters in keys.h.
constexpr auto kImportRow = static_cast<CatalogRow>('M');

template <class Info, class Visit>
void for_each_text(Info& info, Visit visit) {
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
}

template <class Info, class Visit>
void for_each_number(Info& info, Visit visit) {
  visit("position", info.progress.position);
  visit("bytes_before", info.progress.bytes_before);
  visit("processed", info.progress.processed);
  visit("imported", info.progress.imported);
  visit("errors", info.progress.errors);
  visit("started_ms", info.started_ms);
  visit("ended_ms", info.ended_ms);
}

template <class Info, class Visit>
void for_each_list(Info& info, Visit visit) {
  visit("header", info.source.header);
  visit("columns", info.progress.columns);
}

template <class Info, class Visit>
void for_each_flag(Info& info, Visit visit) {
  visit("prefix_given", info.prefix_given);
  visit("object_done", info.progress.object_done);
  visit("read_all", info.progress.read_all);
}

}  // namespace

std::string import_key(std::string_view id) { return catalog_key(kImportRow, id); }

std::string import_to_json(const ImportInfo& info) {
  std::string text;
  json::StringSink sink(text);
  json::Writer writer(sink);
  const UnknownMembers none;
  ObjectOut out(writer, none, "");
  for_each_text(info, [&](const char* name, const std::string& member) { out.put(name, std::string_view(member)); });
  for_each_number(info, [&](const char* name, auto member) { out.put(name, static_cast<std::int64_t>(member)); });
  for_each_list(info, [&](const char* name, const std::vector<std::string>& members) {
    json::Writer& list = out.key(name);
    list.StartArray();
    for (const std::string& member : members) ObjectOut::put_text(list, member);
    list.EndArray();
  });
  for_each_flag(info, [&](const char* name, bool member) { out.put(name, member); });
  out.put("format", static_cast<std::int64_t>(info.source.format));
  out.put("compression", static_cast<std::int64_t>(info.source.compression));
  out.put("status", static_cast<std::int64_t>(info.status));
  out.end();
  return text;
}

ImportInfo import_from_json(std::string_view text) {
  json::Parser parser;
  ObjectIn in(parser.parse(text));
  ImportInfo info;
  for_each_text(info, [&](const char* name, std::string& member) { in.get(name, member); });
  for_each_number(info, [&](const char* name, auto& member) {
    std::int64_t number = 0;
    in.get(name, number);
    member = static_cast<std::remove_reference_t<decltype(member)>>(number);
  });
  for_each_list(info, [&](const char* name, std::vector<std::string>& members) {
    in.for_each(name, [&](const json::Value& value) { members.push_back(ObjectIn::text(value)); });
  });
  for_each_flag(info, [&](const char* name, bool& member) { in.get(name, member); });
  in.get_enum("format", info.source.format, InputFormat::kCsv);
  in.get_enum("compression", info.source.compression, Compression::kZstd);
  in.get_enum("status", info.status, ImportStatus::kFailed);
  return info;
}

std::string import_cut(std::string_view id) { return std::string(kCut).append(id); }

bool is_import(const RestoreOrigin& origin) { return origin.cut.starts_with(kCut); }

}  // namespace stator::engine
