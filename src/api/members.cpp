#include "api/members.h"

#include <algorithm>
#include <cmath>

#include "api/shape_text.h"
#include "core/api_error.h"
#include "json/scalars.h"

namespace stator::api {

namespace {

template <class T>
T require(const std::optional<T>& member, std::string_view name) {
  if (!member) {
    core::throw_validation("1 validation error detected: Value null at '" + lower_first(name) +
                           "' failed to satisfy constraint: Member must not be null");
  }
  return *member;
}

}  // namespace

bool Members::has(std::string_view name) const {
  json::Value value;
  return json::find_member(object_, name, value);
}

std::optional<std::string_view> Members::text(std::string_view name) const {
  json::Value value;
  std::string_view text;
  if (!json::find_member(object_, name, value) || value.get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

bool Members::flag(std::string_view name, bool when_absent) const {
  json::Value value;
  return json::find_member(object_, name, value) ? json::read_boolean(value) : when_absent;
}

std::optional<std::int64_t> Members::integer(std::string_view name) const {
  json::Value value;
  if (!json::find_member(object_, name, value)) return std::nullopt;
  return json::read_integer(value);
}

std::optional<std::int64_t> Members::time_ms(std::string_view name) const {
  constexpr double kMsPerSecond = 1000;
  constexpr double kLatestMs = 9e18;
  json::Value value;
  double seconds = 0;
  if (!json::find_member(object_, name, value) || value.get(seconds) != simdjson::SUCCESS) return std::nullopt;
  return std::llround(std::clamp(seconds * kMsPerSecond, -kLatestMs, kLatestMs));
}

std::optional<json::Object> Members::object(std::string_view name) const {
  json::Value value;
  json::Object object;
  if (!json::find_member(object_, name, value) || value.get(object) != simdjson::SUCCESS) return std::nullopt;
  return object;
}

std::optional<json::Array> Members::array(std::string_view name) const {
  json::Value value;
  json::Array array;
  if (!json::find_member(object_, name, value) || value.get(array) != simdjson::SUCCESS) return std::nullopt;
  return array;
}

bool Members::has_members(std::string_view name) const {
  const auto structure = object(name);
  return structure && structure->begin() != structure->end();
}

std::string_view Members::required_text(std::string_view name) const { return require(text(name), name); }

json::Object Members::required_object(std::string_view name) const { return require(object(name), name); }

json::Array Members::required_array(std::string_view name) const { return require(array(name), name); }

}  // namespace stator::api
