#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "core/api_error.h"
#include "json/reader.h"
#include "json/text_check.h"

namespace stator::server {

/// The members of the body of a request to one of the server's own paths: a JSON object, or empty. All functions throw
/// ValidationException for a member of the wrong type.
class JsonBody {
 public:
  /// `known`: the allowed member names.
  JsonBody(std::string_view text, std::initializer_list<std::string_view> known) {
    if (text.empty()) return;
    if (parse(text).get(object_.emplace()) != simdjson::SUCCESS)
      core::throw_validation("The body must be a JSON object");
    for (const auto member : *object_) {
      if (std::ranges::find(known, member.key) == known.end()) refuse(member.key, known);
    }
  }
  [[nodiscard]] std::optional<std::string_view> text(std::string_view name) const {
    json::Value value;
    std::string_view text;
    if (!find(name, value)) return std::nullopt;
    if (value.get(text) != simdjson::SUCCESS) core::throw_validation(std::string(name) + " must be a text");
    return text;
  }
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name) const {
    json::Value value;
    std::int64_t number = 0;
    if (!find(name, value)) return std::nullopt;
    if (value.get(number) != simdjson::SUCCESS) core::throw_validation(std::string(name) + " must be a whole number");
    return number;
  }
  [[nodiscard]] std::optional<bool> flag(std::string_view name) const {
    json::Value value;
    bool flag = false;
    if (!find(name, value)) return std::nullopt;
    if (value.get(flag) != simdjson::SUCCESS) core::throw_validation(std::string(name) + " must be true or false");
    return flag;
  }
  /// Throws if both members are present.
  void expect_not_both(std::string_view one, std::string_view other) const {
    json::Value value;
    if (!find(one, value) || !find(other, value)) return;
    core::throw_validation("Say " + std::string(one) + " or " + std::string(other) + ", not both");
  }

 private:
  static json::Value parse(std::string_view text) {
    json::Parser& parser = json::Parser::of_this_thread();
    try {
      return parser.parse(text);
    } catch (const core::ApiError&) {
      return parser.parse(json::with_readable_numbers(text));
    }
  }
  [[noreturn]] static void refuse(std::string_view name, std::initializer_list<std::string_view> known) {
    std::string text = "There is no member \"" + std::string(name) + "\" here; there may be";
    for (const std::string_view each : known) {
      text += (each == *known.begin() ? " \"" : ", \"") + std::string(each) + "\"";
    }
    core::throw_validation(text);
  }
  bool find(std::string_view name, json::Value& value) const {
    return object_ && json::find_member(*object_, name, value);
  }
  std::optional<json::Object> object_;
};

}  // namespace stator::server
