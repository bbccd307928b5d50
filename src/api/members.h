#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "api/shapes/definition.h"
#include "json/reader.h"

namespace stator::api {

/// The name of a member, with its hash, which is computed at compile time for a literal.
struct MemberName {
  constexpr MemberName(const char* name) : MemberName(std::string_view(name)) {}
  constexpr MemberName(std::string_view name) : text(name), hash(shapes::SampledHash::of(name)) {}

  std::string_view text;
  std::uint32_t hash;
};

/// The members of one structure that check_shape found.
class FoundMembers {
 public:
  void begin(const shapes::Shape& structure) { shape_ = &structure; }
  void add(std::uint8_t at, const json::Value& value) {
    present_ |= 1U << at;
    values_[at] = value;
  }
  /// Null if the member is absent or null.
  [[nodiscard]] const json::Value* find(MemberName name) const {
    if (shape_ == nullptr || shape_->index == nullptr) return nullptr;
    const std::uint8_t at = shape_->index->find(name.hash);
    const bool present = at != shapes::MemberIndex::kEmpty && (present_ >> at & 1U) != 0;
    return present && shape_->members[at].name == name.text ? &values_[at] : nullptr;
  }

 private:
  const shapes::Shape* shape_ = nullptr;
  std::uint32_t present_ = 0;
  std::array<json::Value, shapes::kMaxMembers> values_;
};

/// Reads the members of one structure of a request whose shape was checked (`check_shape`). Null counts as absent. Each
/// name occurs once (json/unique_names.h), so the members read here are those that check_shape has checked.
class Members {
 public:
  explicit Members(json::Object object) : object_(object) {}
  /// `found`: the object's members that its shape knows; must outlive this object.
  Members(json::Object object, const FoundMembers& found) : object_(object), found_(&found) {}

  [[nodiscard]] bool has(MemberName name) const;
  /// nullopt if absent.
  [[nodiscard]] std::optional<std::string_view> text(MemberName name) const;
  /// A boolean. Like the service's front end, also accepts the strings "true" and "false" in any case, "yes" and "no",
  /// "1" and "0".
  [[nodiscard]] bool flag(MemberName name, bool when_absent = false) const;
  /// An integer. Like the service's front end, cuts off a fraction.
  [[nodiscard]] std::optional<std::int64_t> integer(MemberName name) const;
  /// A timestamp (seconds since 1970, with a fraction), converted to milliseconds.
  [[nodiscard]] std::optional<std::int64_t> time_ms(MemberName name) const;
  [[nodiscard]] std::optional<json::Object> object(MemberName name) const;
  [[nodiscard]] std::optional<json::Array> array(MemberName name) const;
  /// Whether the structure `name` is present and has members.
  [[nodiscard]] bool has_members(MemberName name) const;

  /// Members that the shape requires. If a shape does not require one by mistake, these throw the ValidationException
  /// that it should have caused ("Value null at 'key' failed to satisfy constraint: Member must not be null").
  [[nodiscard]] std::string_view required_text(MemberName name) const;
  [[nodiscard]] json::Object required_object(MemberName name) const;
  [[nodiscard]] json::Array required_array(MemberName name) const;

  [[nodiscard]] const json::Object& json() const { return object_; }

 private:
  [[nodiscard]] bool find(MemberName name, json::Value& value) const;

  json::Object object_;
  const FoundMembers* found_ = nullptr;
};

}  // namespace stator::api
