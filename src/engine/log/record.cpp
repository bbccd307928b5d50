#include "engine/log/record.h"

#include "engine/stored_value.h"
#include "json/writer.h"

namespace stator::engine {
namespace {

void append_part(const LogRecord::Part& part, std::string& out) {
  append_varint(part.json.size(), out);
  if (part.json.empty()) return;
  append_varint(part.size_bytes, out);
  out.append(part.json);
}

LogRecord::Part read_part(std::string_view& in) {
  LogRecord::Part part;
  const std::size_t length = read_varint(in);
  if (length == 0) return part;
  part.size_bytes = read_varint(in);
  if (length > in.size()) throw core::DamageError("a record of the change log is cut short");
  part.json = in.substr(0, length);
  in.remove_prefix(length);
  return part;
}

template <class Enum>
Enum read_enum(std::string_view& in, Enum last) {
  if (in.empty() || static_cast<unsigned char>(in.front()) > static_cast<unsigned char>(last)) {
    throw core::DamageError("a record of the change log is of an unknown kind");
  }
  const auto value = static_cast<Enum>(in.front());
  in.remove_prefix(1);
  return value;
}

/// Appends the key attributes of an item in the order of the schema; returns their size.
std::size_t append_keys(const Table& table, const json::Item& item, std::string& out) {
  std::size_t size_bytes = 0;
  char separator = '{';
  for (const auto* attributes : {&table.key_schema.hash, &table.key_schema.range}) {
    for (const core::KeyAttribute& attribute : *attributes) {
      const core::AttributeValue* value = item.find(attribute.name);
      if (value == nullptr) throw core::DamageError("an item lacks an attribute of its key");
      out.push_back(separator);
      separator = ',';
      json::append_string(attribute.name, out);
      out.push_back(':');
      item.append_attribute(attribute.name, out);
      size_bytes += attribute.name.size() + value->size_bytes();
    }
  }
  out.push_back('}');
  return size_bytes;
}

ChangeKind kind_of(const Change& change) {
  if (!change.before.exists()) return ChangeKind::kInsert;
  return change.after.exists() ? ChangeKind::kModify : ChangeKind::kRemove;
}

}  // namespace

ImageChoice images_of_view(std::string_view view_type) {
  const bool both = view_type == "NEW_AND_OLD_IMAGES";
  return {.new_image = both || view_type == "NEW_IMAGE", .old_image = both || view_type == "OLD_IMAGE"};
}

void append_log_record(const Change& change, ImageChoice images, std::string& out) {
  out.push_back(kPlainValue);
  out.push_back(static_cast<char>(kind_of(change)));
  out.push_back(static_cast<char>(change.origin));
  append_varint(static_cast<std::uint64_t>(change.time_ms), out);
  std::string keys;
  const ItemVersion& version = change.after.exists() ? change.after : change.before;
  const std::size_t keys_size = append_keys(*change.table, version.item(), keys);
  append_part({keys, keys_size}, out);
  append_part(images.new_image ? LogRecord::Part{change.after.json, change.after.size_bytes} : LogRecord::Part(), out);
  append_part(images.old_image ? LogRecord::Part{change.before.json, change.before.size_bytes} : LogRecord::Part(),
              out);
}

LogRecord read_log_record(std::string_view stored) {
  if (stored.empty() || stored.front() != kPlainValue) {
    throw core::DamageError("a record of the change log has no header that this version knows");
  }
  stored.remove_prefix(1);
  LogRecord record;
  record.kind = read_enum(stored, ChangeKind::kRemove);
  record.origin = read_enum(stored, ChangeOrigin::kImport);
  record.time_ms = static_cast<std::int64_t>(read_varint(stored));
  record.keys = read_part(stored);
  record.new_image = read_part(stored);
  record.old_image = read_part(stored);
  if (record.keys.json.empty()) throw core::DamageError("a record of the change log has no keys");
  return record;
}

std::string_view event_name(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kInsert:
      return "INSERT";
    case ChangeKind::kModify:
      return "MODIFY";
    case ChangeKind::kRemove:
      break;
  }
  return "REMOVE";
}

}  // namespace stator::engine
