#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "json/reader.h"

namespace stator::api {

/// Typed reading of one structure of a request whose shape was checked (`check_shape`); absent and null are the same.
/// The parser has left each name once (json/unique_names.h), so what the shape check saw is what is read here.
class Members {
 public:
  explicit Members(json::Object object) : object_(object) {}

  [[nodiscard]] bool has(std::string_view name) const;
  /// nullopt where absent.
  [[nodiscard]] std::optional<std::string_view> text(std::string_view name) const;
  /// Booleans; the front end also takes the strings "true" and "false" in any case, "yes" and "no", "1" and "0".
  [[nodiscard]] bool flag(std::string_view name, bool when_absent = false) const;
  /// Whole numbers; a fraction is cut off, as the front end does.
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name) const;
  /// A timestamp (seconds since 1970, with a fraction) in milliseconds.
  [[nodiscard]] std::optional<std::int64_t> time_ms(std::string_view name) const;
  [[nodiscard]] std::optional<json::Object> object(std::string_view name) const;
  [[nodiscard]] std::optional<json::Array> array(std::string_view name) const;
  /// Whether the structure `name` is there and has members.
  [[nodiscard]] bool has_members(std::string_view name) const;

  /// Members that the shape requires. Should a shape ever fail to require one, these throw the ValidationException that
  /// the shape would have thrown ("Value null at 'key' failed to satisfy constraint: Member must not be null").
  [[nodiscard]] std::string_view required_text(std::string_view name) const;
  [[nodiscard]] json::Object required_object(std::string_view name) const;
  [[nodiscard]] json::Array required_array(std::string_view name) const;

  [[nodiscard]] const json::Object& json() const { return object_; }

 private:
  json::Object object_;
};

}  // namespace stator::api
