#include "api/members.h"

#include <algorithm>
#include <cmath>

#include "api/shape_text.h"
#include "core/api_error.h"
#include "json/scalars.h"

namespace stator::api {

namespace {

template <class T>
T require(const std::optional<T>& member, MemberName name) {
  if (!member) {
    core::throw_validation("1 validation error detected: Value null at '" + lower_first(name.text) +
                           "' failed to satisfy constraint: Member must not be null");
  }
  return *member;
}

}  // namespace

bool Members::find(MemberName name, json::Value& value) const {
  if (found_ == nullptr) return json::find_member(object_, name.text, value);
  const json::Value* const found = found_->find(name);
  if (found != nullptr) value = *found;
  return found != nullptr;
}

bool Members::has(MemberName name) const {
  json::Value value;
  return find(name, value);
}

std::optional<std::string_view> Members::text(MemberName name) const {
  json::Value value;
  std::string_view text;
  if (!find(name, value) || value.get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

bool Members::flag(MemberName name, bool when_absent) const {
  json::Value value;
  return find(name, value) ? json::read_boolean(value) : when_absent;
}

std::optional<std::int64_t> Members::integer(MemberName name) const {
  json::Value value;
  if (!find(name, value)) return std::nullopt;
  return json::read_integer(value);
}

std::optional<std::int64_t> Members::time_ms(MemberName name) const {
  constexpr double kMsPerSecond = 1000;
  constexpr double kLatestMs = 9e18;
  json::Value value;
  double seconds = 0;
  if (!find(name, value) || value.get(seconds) != simdjson::SUCCESS) return std::nullopt;
  return std::llround(std::clamp(seconds * kMsPerSecond, -kLatestMs, kLatestMs));
}

std::optional<json::Object> Members::object(MemberName name) const {
  json::Value value;
  json::Object object;
  if (!find(name, value) || value.get(object) != simdjson::SUCCESS) return std::nullopt;
  return object;
}

std::optional<json::Array> Members::array(MemberName name) const {
  json::Value value;
  json::Array array;
  if (!find(name, value) || value.get(array) != simdjson::SUCCESS) return std::nullopt;
  return array;
}

bool Members::has_members(MemberName name) const {
  const auto structure = object(name);
  return structure && structure->begin() != structure->end();
}

std::string_view Members::required_text(MemberName name) const { return require(text(name), name); }

json::Object Members::required_object(MemberName name) const { return require(object(name), name); }

json::Array Members::required_array(MemberName name) const { return require(array(name), name); }

}  // namespace stator::api
