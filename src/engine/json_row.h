#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/table.h"
#include "json/reader.h"
#include "json/writer.h"
#include "store/key_encoding.h"

/// Rows of the catalog that are JSON objects (docs/format.md). Members that this version does not know are kept under
/// the place of their object, a path such as "indexes/7/key_schema".
namespace stator::engine {

inline std::string place_of(std::string_view parent, std::string_view name) {
  std::string place(parent);
  if (!place.empty()) place += '/';
  return place.append(name);
}

inline std::string place_of(std::string_view parent, std::string_view name, std::string_view element) {
  return place_of(place_of(parent, name), element);
}

/// Writes one object of a row: the members that are put, then the unknown members that were read earlier.
class ObjectOut {
 public:
  ObjectOut(json::Writer& writer, const UnknownMembers& unknown, std::string place)
      : writer_(writer), unknown_(unknown), place_(std::move(place)) {
    writer_.StartObject();
  }
  ObjectOut(const ObjectOut&) = delete;
  ObjectOut& operator=(const ObjectOut&) = delete;

  json::Writer& key(std::string_view name) {
    writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    return writer_;
  }
  void put(std::string_view name, std::string_view text) { put_text(key(name), text); }
  void put(std::string_view name, std::int64_t number) { key(name).Int64(number); }
  void put(std::string_view name, bool value) { key(name).Bool(value); }
  void put(std::string_view name, double number) { key(name).Double(number); }
  void put(std::string_view name, const std::optional<bool>& value) {
    if (value) key(name).Bool(*value);
  }
  void put(std::string_view name, const std::optional<std::int64_t>& number) {
    if (number) key(name).Int64(*number);
  }
  static void put_text(json::Writer& writer, std::string_view text) {
    writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  }
  /// Begins an object as the member `name`.
  ObjectOut object(std::string_view name) {
    key(name);
    return {writer_, unknown_, place_of(place_, name)};
  }
  /// Begins an element of the array `name`; `element` identifies it in the array.
  ObjectOut element(std::string_view name, std::string_view element) {
    return {writer_, unknown_, place_of(place_, name, element)};
  }
  void end() {
    const auto unknown = unknown_.find(place_);
    if (unknown != unknown_.end()) {
      for (const UnknownMember& member : unknown->second) {
        key(member.name).RawValue(member.json.data(), member.json.size(), rapidjson::kObjectType);
      }
    }
    writer_.EndObject();
  }

 private:
  json::Writer& writer_;
  const UnknownMembers& unknown_;
  const std::string place_;
};

/// Reads members of an object. An absent member leaves the target unchanged, so that rows of earlier versions can be
/// read. Members that were not asked for are unknown to this version.
class ObjectIn {
 public:
  explicit ObjectIn(const json::Value& value) {
    if (value.get(object_) != simdjson::SUCCESS) throw std::runtime_error("an object was expected");
  }

  bool find(std::string_view name, json::Value& value) {
    asked_.push_back(name);
    return json::find_member(object_, name, value);
  }
  /// Keeps the unknown members. To be called after all known members were read.
  void keep_unknown(std::string place, UnknownMembers& unknown) const {
    std::vector<UnknownMember> members;
    for (const auto [name, value] : object_) {
      if (std::ranges::find(asked_, name) != asked_.end()) continue;
      members.push_back({std::string(name), simdjson::minify(value)});
    }
    if (!members.empty()) unknown.emplace(std::move(place), std::move(members));
  }

  void get(std::string_view name, std::string& target) {
    json::Value value;
    if (find(name, value)) target = text(value);
  }
  void get(std::string_view name, std::int64_t& target) {
    json::Value value;
    if (find(name, value) && value.get(target) != simdjson::SUCCESS) throw std::runtime_error("a number was expected");
  }
  void get(std::string_view name, bool& target) {
    json::Value value;
    if (find(name, value) && value.get(target) != simdjson::SUCCESS) throw std::runtime_error("a boolean was expected");
  }
  void get(std::string_view name, std::optional<std::int64_t>& target) {
    json::Value value;
    if (!find(name, value)) return;
    target = 0;
    get(name, *target);
  }
  void get(std::string_view name, double& target) {
    json::Value value;
    if (find(name, value) && value.get(target) != simdjson::SUCCESS) throw std::runtime_error("a number was expected");
  }
  void get(std::string_view name, std::optional<bool>& target) {
    json::Value value;
    if (!find(name, value)) return;
    target = false;
    get(name, *target);
  }
  void get(std::string_view name, store::SpaceId& target) {
    std::int64_t number = target;
    get(name, number);
    target = static_cast<store::SpaceId>(number);
  }
  template <class Enum>
  void get_enum(std::string_view name, Enum& target, Enum last) {
    auto number = static_cast<std::int64_t>(target);
    get(name, number);
    if (number < 0 || number > static_cast<std::int64_t>(last)) throw std::runtime_error("an unknown enum value");
    target = static_cast<Enum>(number);
  }
  /// Reads the object `name`, if there is one, by `read`; `place` is its place.
  template <class Read>
  void object(std::string_view name, std::string place, UnknownMembers& unknown, Read read) {
    json::Value value;
    if (!find(name, value)) return;
    ObjectIn in(value);
    read(in);
    in.keep_unknown(std::move(place), unknown);
  }
  template <class Visit>
  void for_each(std::string_view name, Visit visit) {
    json::Value value;
    if (!find(name, value)) return;
    json::Array array;
    if (value.get(array) != simdjson::SUCCESS) throw std::runtime_error("an array was expected");
    for (const json::Value element : array) visit(element);
  }
  static std::string text(const json::Value& value) {
    std::string_view bytes;
    if (value.get(bytes) != simdjson::SUCCESS) throw std::runtime_error("a string was expected");
    return std::string(bytes);
  }

 private:
  json::Object object_;
  std::vector<std::string_view> asked_;
};

void put_attributes(ObjectOut& parent, std::string_view name, const std::vector<core::KeyAttribute>& attributes);
/// Puts the member "key_schema".
void put_schema(ObjectOut& parent, const core::KeySchema& schema);
void get_attributes(ObjectIn& in, std::string_view name, std::vector<core::KeyAttribute>& target,
                    std::string_view place, UnknownMembers& unknown);
void get_schema(ObjectIn& in, core::KeySchema& target, std::string_view parent, UnknownMembers& unknown);

}  // namespace stator::engine
