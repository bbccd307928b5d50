#include "engine/backup/backup_info.h"

#include "engine/json_row.h"
#include "engine/table_json.h"

namespace stator::engine {

std::string backup_to_json(const BackupInfo& backup) {
  std::string text;
  json::StringSink sink(text);
  json::Writer writer(sink);
  const UnknownMembers none;
  ObjectOut out(writer, none, "");
  out.put("id", backup.id);
  out.put("name", backup.name);
  out.put("type", static_cast<std::int64_t>(backup.type));
  out.put("created_ms", backup.created_ms);
  out.put("expires_ms", backup.expires_ms);
  out.put("items", static_cast<std::int64_t>(backup.counts.items));
  out.put("size_bytes", static_cast<std::int64_t>(backup.counts.size_bytes));
  const std::string table = table_to_json(backup.table);
  out.key("table").RawValue(table.data(), table.size(), rapidjson::kObjectType);
  out.end();
  return text;
}

BackupInfo backup_from_json(std::string_view text) {
  json::Parser parser;
  ObjectIn in(parser.parse(text));
  BackupInfo backup;
  in.get("id", backup.id);
  in.get("name", backup.name);
  in.get_enum("type", backup.type, BackupType::kSystem);
  in.get("created_ms", backup.created_ms);
  in.get("expires_ms", backup.expires_ms);
  std::int64_t number = 0;
  in.get("items", number);
  backup.counts.items = static_cast<std::uint64_t>(number);
  in.get("size_bytes", number);
  backup.counts.size_bytes = static_cast<std::uint64_t>(number);
  json::Value table;
  if (!in.find("table", table)) throw std::runtime_error("a table was expected");
  backup.table = table_from_json(simdjson::minify(table));
  return backup;
}

}  // namespace stator::engine
