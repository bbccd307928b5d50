#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/api_error.h"
#include "json/reader.h"

namespace stator::server {

/// The members of the body of a request to one of the server's own paths, which is a JSON object or empty. All throw
/// ValidationException for what is of another kind.
class JsonBody {
 public:
  explicit JsonBody(std::string_view text) {
    if (text.empty()) return;
    const json::Value value = json::Parser::of_this_thread().parse(text);
    if (value.get(object_.emplace()) != simdjson::SUCCESS) core::throw_validation("The body must be a JSON object");
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

 private:
  bool find(std::string_view name, json::Value& value) const {
    return object_ && json::find_member(*object_, name, value);
  }
  std::optional<json::Object> object_;
};

}  // namespace stator::server
