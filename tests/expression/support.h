#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/api_error.h"
#include "expression/bindings.h"
#include "expression/expression.h"
#include "expression/legacy.h"
#include "json/item.h"
#include "json/reader.h"
#include "json/writer.h"

namespace stator::expression::test {

/// A JSON text and the parser that owns it.
class Json {
 public:
  explicit Json(std::string_view text) : value_(parser_.parse(text)) {}
  [[nodiscard]] json::Object object() const { return value_.get_object(); }
  [[nodiscard]] json::Array array() const { return value_.get_array(); }

 private:
  json::Parser parser_;
  json::Value value_;
};

/// Returns "Type: message" of the ApiError that `action` throws, or "" if it throws none.
template <class Action>
std::string error_of(Action action) {
  try {
    action();
    return "";
  } catch (const core::ApiError& error) {
    return error.type == "ValidationException" ? error.message : std::string(error.type.name()) + ": " + error.message;
  }
}

/// Bindings from JSON texts; an empty text is an absent parameter.
inline Bindings make_bindings(std::string_view names, std::string_view values) {
  std::optional<Json> name_json;
  std::optional<Json> value_json;
  std::optional<json::Object> name_object;
  std::optional<json::Object> value_object;
  if (!names.empty()) name_object = name_json.emplace(names).object();
  if (!values.empty()) value_object = value_json.emplace(values).object();
  return Bindings(name_object ? &*name_object : nullptr, value_object ? &*value_object : nullptr);
}

/// An item from its wire JSON, with the bytes that it refers to.
class StoredItem {
 public:
  explicit StoredItem(std::string_view wire)
      : encoded_(json::normalise_item(Json(wire).object())), item(encoded_.json) {}
  StoredItem(const StoredItem&) = delete;
  StoredItem& operator=(const StoredItem&) = delete;

 private:
  json::EncodedItem encoded_;

 public:
  json::Item item;
};

/// JSON with its members sorted, so that texts can be compared.
inline std::string sorted(std::string_view text) { return json::pretty(text, true); }

}  // namespace stator::expression::test
