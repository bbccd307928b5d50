#include "api/requests/batch_requests.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_set>

#include "api/requests/expressions.h"
#include "core/api_error.h"
#include "core/limits.h"
#include "expression/parameters.h"
#include "json/writer.h"

namespace stator::api {

using core::throw_validation;

namespace {

constexpr std::array<std::string_view, 1> kProjectionNames = {"ProjectionExpression"};
constexpr std::array<std::string_view, 1> kAttributesToGetNames = {"AttributesToGet"};

/// The text of a key, the same for any order of its attributes, to find duplicates before the schema is known.
std::string canonical_key(KeyAttributes key) {
  std::ranges::sort(key, {}, &KeyAttributeValue::name);
  std::string text;
  for (const auto& attribute : key) {
    json::append_string(attribute.name, text);
    json::append_value(attribute.value, text);
  }
  return text;
}

void refuse_duplicates(const std::vector<KeyAttributes>& keys) {
  std::unordered_set<std::string> seen;
  for (const auto& key : keys) {
    if (!seen.insert(canonical_key(key)).second) throw_validation("Provided list of item keys contains duplicates");
  }
}

BatchGetGroup read_get_group(std::string_view name, const json::Object& object, std::size_t& total) {
  BatchGetGroup group{.requested_name = name, .keys = {}, .projection = {}, .members = Members(object)};
  expression::check_expression_parameters(object, kProjectionNames, kAttributesToGetNames);
  expression::Bindings bindings = read_name_bindings(group.members);
  group.projection = read_projection(group.members, bindings);
  bindings.check_all_used();
  const json::Array keys = group.members.required_array("Keys");
  for (const auto key : keys) {
    if (++total > core::kMaxBatchGetKeys) throw_validation("Too many items requested for the BatchGetItem call");
    group.keys.push_back(read_key_attributes(key.get_object()));
  }
  refuse_duplicates(group.keys);
  group.consistent_read = group.members.flag("ConsistentRead");
  return group;
}

/// Throws if one table has a ProjectionExpression and another AttributesToGet.
void refuse_mixed_projections(const std::vector<BatchGetGroup>& groups) {
  const auto has = [&](std::string_view member) {
    return std::ranges::any_of(groups, [&](const BatchGetGroup& group) { return group.members.has(member); });
  };
  if (!has("ProjectionExpression") || !has("AttributesToGet")) return;
  throw_validation(
      "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
      "{AttributesToGet} Expression parameters: {ProjectionExpression}");
}

/// Reads a put or a delete; throws unless there is exactly one of them.
BatchWrite read_write(const Members& request) {
  const auto put = request.object("PutRequest");
  const auto deletion = request.object("DeleteRequest");
  if (put.has_value() == deletion.has_value()) {
    throw_validation(
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes");
  }
  if (put) return read_put_item(Members(*put), Place::kBatch);
  return read_delete_item(Members(*deletion), Place::kBatch);
}

}  // namespace

BatchWriteItem read_batch_write_item(const Members& request) {
  BatchWriteItem batch;
  batch.capacity = read_capacity_detail(request);
  batch.item_collection_metrics = wants_item_collection(request);
  const auto tables = request.required_object("RequestItems");
  std::size_t total = 0;
  for (const auto member : tables) total += json::Array(member.value.get_array()).size();
  if (total > core::kMaxBatchWriteRequests) throw_validation("Too many items requested for the BatchWriteItem call");
  for (const auto member : tables) {
    BatchWriteGroup& group = batch.groups.emplace_back();
    group.requested_name = member.key;
    const json::Array writes = member.value.get_array();
    group.writes.reserve(writes.size());
    for (const auto element : writes) group.writes.push_back(read_write(Members(element.get_object())));
  }
  return batch;
}

BatchGetItem read_batch_get_item(const Members& request) {
  BatchGetItem batch;
  batch.capacity = read_capacity_detail(request);
  std::size_t total = 0;
  const auto tables = request.required_object("RequestItems");
  for (const auto member : tables) {
    batch.groups.push_back(read_get_group(member.key, member.value.get_object(), total));
  }
  refuse_mixed_projections(batch.groups);
  return batch;
}

}  // namespace stator::api
