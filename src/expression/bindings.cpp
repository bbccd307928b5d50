#include "expression/bindings.h"

#include <algorithm>

#include "core/api_error.h"
#include "core/limits.h"
#include "json/item.h"

namespace stator::expression {
namespace {

constexpr std::size_t kSearchLinearlyUpTo = 8;
constexpr std::size_t kMaxPlaceholderSizeBytes = 255;

constexpr std::string_view kNames = "ExpressionAttributeNames";
constexpr std::string_view kValues = "ExpressionAttributeValues";

bool is_placeholder(std::string_view key, char mark) {
  if (key.size() < 2 || key[0] != mark) return false;
  return std::all_of(key.begin() + 1, key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

void check_keys(const json::Object& map, std::string_view parameter, char mark) {
  if (map.begin() == map.end()) core::throw_validation(std::string(parameter) + " must not be empty");
  for (const auto member : map) {
    if (member.key.size() > kMaxPlaceholderSizeBytes) {
      std::string message(parameter);
      message += " contains invalid key: The expression attribute map contains a key that is too long;";
      // For values, the service does not report the length of the key.
      if (parameter == kNames) message += " size of key: " + std::to_string(member.key.size());
      core::throw_validation(std::move(message));
    }
    if (!is_placeholder(member.key, mark)) {
      core::throw_validation(std::string(parameter) + " contains invalid key: Syntax error; key: \"" +
                             std::string(member.key) + "\"");
    }
  }
}

[[noreturn]] void throw_invalid_value(std::string_view parameter, std::string_view reason, std::string_view key) {
  std::string message(parameter);
  message.append(" contains invalid value: ").append(reason).append(" for key ").append(key);
  core::throw_validation(std::move(message));
}

std::string read_name(const json::Value& value, std::string_view key) {
  std::string_view name;
  if (value.get_string().get(name) != simdjson::SUCCESS) core::throw_serialization("Expected a string");
  if (name.empty()) throw_invalid_value(kNames, "Empty attribute name", key);
  if (name.size() > core::kMaxAttributeNameSizeBytes) {
    throw_invalid_value(kNames, "Attribute name is too large, must be less than 65536 bytes", key);
  }
  return std::string(name);
}

SharedValue read_bound_value(const json::Value& value, std::string_view key, const json::ValueRules& rules) {
  try {
    return std::make_shared<const core::AttributeValue>(json::read_value(value, rules));
  } catch (const core::ApiError& error) {
    if (!rules.older || error.type != core::ErrorCode::kValidation) throw;
    // For names within a map, no parameter is named.
    if (error.fault == core::Fault::kEmptyAttributeName || error.fault == core::Fault::kLongAttributeName) throw;
    throw_invalid_value(kValues, error.message, key);
  }
}

template <class Entries>
void sort_if_many(Entries& entries) {
  if (entries.size() <= kSearchLinearlyUpTo) return;
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.placeholder < b.placeholder; });
}

template <class Entries>
auto* find_entry(Entries& entries, std::string_view placeholder) {
  const auto same = [&](const auto& entry) { return entry.placeholder == placeholder; };
  if (entries.size() <= kSearchLinearlyUpTo) {
    const auto found = std::find_if(entries.begin(), entries.end(), same);
    return found == entries.end() ? nullptr : &*found;
  }
  const auto found = std::lower_bound(entries.begin(), entries.end(), placeholder,
                                      [](const auto& entry, std::string_view key) { return entry.placeholder < key; });
  return found == entries.end() || !same(*found) ? nullptr : &*found;
}

template <class Entries>
void check_used(const Entries& entries, std::string_view parameter) {
  std::string unused;
  for (const auto& entry : entries) {
    if (entry.used) continue;
    if (!unused.empty()) unused += ", ";
    unused += entry.placeholder;
  }
  if (unused.empty()) return;
  core::throw_validation("Value provided in " + std::string(parameter) + " unused in expressions: keys: {" + unused +
                         "}");
}

}  // namespace

Bindings::Bindings(const json::Object* names, const json::Object* values, const json::ValueRules& rules) {
  if (names != nullptr) {
    check_keys(*names, kNames, '#');
    for (const auto member : *names) {
      names_.push_back({std::string(member.key), read_name(member.value, member.key), false});
    }
    sort_if_many(names_);
  }
  if (values != nullptr) {
    check_keys(*values, kValues, ':');
    for (const auto member : *values) {
      values_.push_back({std::string(member.key), read_bound_value(member.value, member.key, rules), false});
    }
    sort_if_many(values_);
  }
}

const std::string* Bindings::name(std::string_view placeholder) {
  auto* entry = find_entry(names_, placeholder);
  if (entry == nullptr) return nullptr;
  entry->used = true;
  return &entry->bound;
}

SharedValue Bindings::value(std::string_view placeholder) {
  auto* entry = find_entry(values_, placeholder);
  if (entry == nullptr) return nullptr;
  entry->used = true;
  return entry->bound;
}

void Bindings::check_all_used() const {
  check_used(names_, kNames);
  check_used(values_, kValues);
}

}  // namespace stator::expression
