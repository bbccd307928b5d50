#include "simulate/batch_check.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "api/operations.h"
#include "api/requests/batch_requests.h"
#include "api/requests/key_attributes.h"
#include "api/shape.h"
#include "core/api_error.h"
#include "json/item.h"
#include "json/writer.h"

namespace stator::simulate {
namespace {

/// An attribute of a table's key.
struct KeyPart {
  std::string name;
  std::string type;  // "S", "N" or "B"
};
using Key = std::vector<KeyPart>;

/// The key in DescribeTable's reply; nullopt if the reply has none.
std::optional<Key> read_key(std::string_view description) {
  json::Parser parser;
  const json::Value root = parser.parse(description);
  json::Array parts;
  json::Array attributes;
  if (root.at_pointer("/Table/KeySchema").get(parts) != simdjson::SUCCESS ||
      root.at_pointer("/Table/AttributeDefinitions").get(attributes) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  Key key;
  for (const json::Value part : parts) {
    std::string_view name;
    if (part["AttributeName"].get(name) != simdjson::SUCCESS) return std::nullopt;
    for (const json::Value attribute : attributes) {
      std::string_view defined;
      std::string_view type;
      if (attribute["AttributeName"].get(defined) == simdjson::SUCCESS && defined == name &&
          attribute["AttributeType"].get(type) == simdjson::SUCCESS) {
        key.push_back({std::string(name), std::string(type)});
      }
    }
  }
  return key.empty() ? std::nullopt : std::optional(std::move(key));
}

/// The key of the table; nullopt if the upstream does not tell. Throws its ResourceNotFoundException.
std::optional<Key> key_of_table(endpoint::Endpoint& upstream, const endpoint::Request& request,
                                std::string_view table) {
  std::string body = R"({"TableName":)";
  json::append_string(table, body);
  body += '}';
  endpoint::ReplyNotes notes;
  endpoint::Request describe = request;
  describe.operation = "DescribeTable";
  describe.body = body;
  describe.padding_bytes = 0;
  describe.notes = &notes;
  std::string reply;
  try {
    upstream.call(describe, reply);
    return read_key(reply);
  } catch (const core::ApiError& error) {
    if (error.type == core::ErrorCode::kResourceNotFound) throw;
    return std::nullopt;
  }
}

/// The stored values of the key's attributes. `value_of` returns the value for a name, empty if absent. nullopt if one
/// is missing, empty or of another type.
template <class ValueOf>
std::optional<std::string> key_text(const Key& key, const ValueOf& value_of) {
  std::string text;
  for (const KeyPart& part : key) {
    const std::string value(value_of(part.name));
    const std::string begin = "{\"" + part.type + "\":\"";
    if (!value.starts_with(begin) || value.size() <= begin.size() + 2) return std::nullopt;
    text += value;
  }
  return text;
}

std::optional<std::string> text_of(const Key& key, const api::KeyAttributes& attributes) {
  if (attributes.size() != key.size()) return std::nullopt;
  return key_text(key, [&](const std::string& name) {
    std::string text;
    if (const auto* const value = api::find_attribute(attributes, name)) json::append_value(*value, text);
    return text;
  });
}

std::optional<std::string> text_of(const Key& key, const api::BatchWrite& write) {
  if (const auto* const put = std::get_if<api::PutItem>(&write)) {
    return key_text(key, [&](const std::string& name) { return json::find_attribute(put->item.json, name); });
  }
  return text_of(key, std::get<api::DeleteItem>(write).key);
}

/// Whether each member has a complete key of its table, and no two have the same.
template <class Group, class Member>
bool have_keys_of_their_own(endpoint::Endpoint& upstream, const endpoint::Request& request,
                            const std::vector<Group>& groups, std::vector<Member> Group::*members) {
  return std::ranges::all_of(groups, [&](const Group& group) {
    const auto key = key_of_table(upstream, request, group.requested_name);
    std::set<std::string> seen;
    return !key || std::ranges::all_of(group.*members, [&](const auto& member) {
      const auto text = text_of(*key, member);
      return text && seen.insert(*text).second;
    });
  });
}

}  // namespace

bool is_faultless_batch(endpoint::Endpoint& upstream, const endpoint::Request& request, const json::Object& object) {
  try {
    api::check_shape(*api::find_operation(request.operation), object);
    const api::Members members(object);
    if (request.operation == "BatchGetItem") {
      return have_keys_of_their_own(upstream, request, api::read_batch_get_item(members).groups,
                                    &api::BatchGetGroup::keys);
    }
    return have_keys_of_their_own(upstream, request, api::read_batch_write_item(members).groups,
                                  &api::BatchWriteGroup::writes);
  } catch (const core::ApiError&) {
    return false;
  }
}

}  // namespace stator::simulate
