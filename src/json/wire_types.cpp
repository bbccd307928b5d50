#include "json/wire_types.h"

#include <algorithm>
#include <string>

#include "core/api_error.h"
#include "core/base64.h"

namespace stator::json {
namespace {

using simdjson::dom::element_type;

/// The service's name for a scalar token.
std::string token_name(const Value& value) {
  switch (value.type()) {
    case element_type::BOOL:
      return bool(value) ? "TRUE_VALUE" : "FALSE_VALUE";
    case element_type::DOUBLE:
      return "DECIMAL_VALUE";
    case element_type::STRING:
      return "STRING_VALUE";
    default:
      return "NUMBER_VALUE";
  }
}

[[noreturn]] void throw_structure_not_expected() {
  core::throw_serialization("Start of structure or map found where not expected");
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
  });
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return equals_ignoring_case(text, word); });
}

}  // namespace

std::string_view as_string(const Value& value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) {
    return text;
  }
  if (value.is_array()) {
    core::throw_serialization("Unrecognized collection type class java.lang.String");
  }
  if (value.is_object()) {
    throw_structure_not_expected();
  }
  core::throw_serialization(token_name(value) + " cannot be converted to String");
}

std::string_view as_blob(const Value& value, std::size_t& decoded_size) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) {
    const std::optional<std::size_t> size = core::base64_decoded_size(text);
    if (!size) {
      core::throw_serialization(core::base64_complaint(text));
    }
    decoded_size = *size;
    return text;
  }
  if (value.is_array()) {
    core::throw_serialization("Unrecognized collection type class java.nio.ByteBuffer");
  }
  if (value.is_object()) {
    throw_structure_not_expected();
  }
  core::throw_serialization("only base-64-encoded strings are convertible to bytes");
}

bool as_boolean(const Value& value) {
  bool plain = false;
  if (value.get(plain) == simdjson::SUCCESS) {
    return plain;
  }
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) {
    if (is_one_of(text, {"true", "1", "yes"})) {
      return true;
    }
    if (is_one_of(text, {"false", "0", "no"})) {
      return false;
    }
    core::throw_serialization("Unexpected token received from parser");
  }
  if (value.is_array()) {
    core::throw_serialization("Unrecognized collection type class java.lang.Boolean");
  }
  if (value.is_object()) {
    throw_structure_not_expected();
  }
  core::throw_serialization(token_name(value) + " cannot be converted to Boolean");
}

Array as_list(const Value& value) {
  Array array;
  if (value.get(array) == simdjson::SUCCESS) {
    return array;
  }
  if (value.is_object()) {
    throw_structure_not_expected();
  }
  core::throw_serialization("Unexpected field type");
}

Object as_attribute_map(const Value& value) {
  Object object;
  if (value.get(object) == simdjson::SUCCESS) {
    return object;
  }
  if (value.is_array()) {
    core::throw_serialization(
        "Unrecognized collection type java.util.Map<java.lang.String, "
        "com.amazonaws.dynamodb.v20120810.AttributeValue>");
  }
  core::throw_serialization("Unexpected field type");
}

Object as_attribute_value(const Value& value) {
  Object object;
  if (value.get(object) == simdjson::SUCCESS) {
    return object;
  }
  if (value.is_array()) {
    core::throw_serialization("Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue");
  }
  core::throw_serialization("Unexpected value type in payload");
}

}  // namespace stator::json
