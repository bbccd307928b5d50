#include "cache/canonical.h"

#include <algorithm>
#include <vector>

#include "json/canonical.h"
#include "json/object_writer.h"
#include "json/scalars.h"
#include "json/writer.h"

namespace stator::cache {
namespace {

using api::shapes::Kind;
using api::shapes::Shape;

const Shape* shape_of_member(const Shape& shape, std::string_view name) {
  const auto found = std::ranges::find(shape.members, name, &api::shapes::Member::name);
  return found == shape.members.end() ? nullptr : found->shape;
}

bool only_adds_to_reply(std::string_view member) {
  return member == "ReturnConsumedCapacity" || member == "ConsistentRead";
}

void append(const Shape& shape, const json::Value& value, std::string& out);

/// Members sorted by name; null counts as absent.
void append_members(const json::Object& object, const Shape& shape, bool outermost, std::string& out) {
  std::vector<std::pair<std::string_view, json::Value>> members;
  for (const auto& [key, value] : object) {
    if (value.is_null() || (outermost && only_adds_to_reply(key))) continue;
    members.emplace_back(key, value);
  }
  std::ranges::sort(members, {}, [](const auto& member) { return member.first; });
  json::ObjectWriter writer(out);
  for (const auto& [key, value] : members) {
    const Shape* const member = shape.kind == Kind::kMap ? shape.element : shape_of_member(shape, key);
    if (member != nullptr) append(*member, value, writer.member(key));
  }
  writer.end();
}

void append(const Shape& shape, const json::Value& value, std::string& out) {
  switch (shape.kind) {
    case Kind::kString:
      return json::append_string(std::string_view(value), out);
    case Kind::kBoolean:
      out += json::read_boolean(value) ? "true" : "false";
      return;
    case Kind::kInteger:
    case Kind::kLong:
      out += std::to_string(json::read_integer(value));
      return;
    case Kind::kDouble:
    case Kind::kTimestamp:
      return json::append_real(json::read_double(value), out);
    case Kind::kList: {
      json::ArrayWriter writer(out);
      for (const json::Value element : json::Array(value)) append(*shape.element, element, writer.element());
      return writer.end();
    }
    case Kind::kMap:
    case Kind::kStructure:
      return append_members(json::Object(value), shape, false, out);
    case Kind::kAttributeValue:
      return json::append_sorted_value(json::read_value(value), out);
  }
}

void append_key_value(const core::AttributeValue& value, std::string& out) { json::append_value(value, out); }

}  // namespace

bool has_only_known_members(const Shape& shape, const json::Value& value) {
  json::Object object;
  json::Array array;
  switch (shape.kind) {
    case Kind::kStructure:
      if (value.get(object) != simdjson::SUCCESS) return true;
      for (const auto& [key, element] : object) {
        const Shape* const member = shape_of_member(shape, key);
        if (member == nullptr || !has_only_known_members(*member, element)) return false;
      }
      return true;
    case Kind::kMap:
      if (value.get(object) != simdjson::SUCCESS) return true;
      for (const auto& [key, element] : object) {
        if (!has_only_known_members(*shape.element, element)) return false;
      }
      return true;
    case Kind::kList:
      if (value.get(array) != simdjson::SUCCESS) return true;
      for (const json::Value element : array) {
        if (!has_only_known_members(*shape.element, element)) return false;
      }
      return true;
    default:
      return true;
  }
}

std::string canonical_request(const Shape& shape, const json::Object& request) {
  std::string out;
  append_members(request, shape, true, out);
  return out;
}

std::optional<std::string> canonical_key(const Schema& schema, const api::KeyAttributes& key) {
  if (key.size() != schema.key_size()) return std::nullopt;
  const core::AttributeValue* const partition = api::find_attribute(key, schema.partition_key);
  if (partition == nullptr) return std::nullopt;
  std::string out;
  append_key_value(*partition, out);
  if (schema.sort_key.empty()) return out;
  const core::AttributeValue* const sort = api::find_attribute(key, schema.sort_key);
  if (sort == nullptr) return std::nullopt;
  out += '\0';
  append_key_value(*sort, out);
  return out;
}

std::optional<std::string> canonical_key_of_item(const Schema& schema, std::string_view stored_item) {
  const std::string_view partition = json::find_attribute(stored_item, schema.partition_key);
  if (partition.empty()) return std::nullopt;
  std::string out(partition);
  if (schema.sort_key.empty()) return out;
  const std::string_view sort = json::find_attribute(stored_item, schema.sort_key);
  if (sort.empty()) return std::nullopt;
  out += '\0';
  out += sort;
  return out;
}

std::string_view canonical_partition(std::string_view canonical_key) {
  return canonical_key.substr(0, canonical_key.find('\0'));
}

}  // namespace stator::cache
