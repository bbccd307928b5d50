#include <algorithm>
#include <array>

#include "api/call.h"
#include "api/capacity.h"
#include "api/item_collection.h"
#include "api/keys.h"
#include "api/operations.h"
#include "api/reply.h"
#include "core/api_error.h"
#include "core/limits.h"
#include "engine/index_key_types.h"
#include "expression/legacy.h"
#include "expression/parameters.h"
#include "json/item.h"

/// PutItem, GetItem, UpdateItem, DeleteItem.
namespace stator::api {

using core::throw_validation;

namespace {

constexpr std::array<std::string_view, 1> kConditionNames = {"ConditionExpression"};
constexpr std::array<std::string_view, 1> kExpectedNames = {"Expected"};
constexpr std::array<std::string_view, 2> kUpdateNames = {"UpdateExpression", "ConditionExpression"};
constexpr std::array<std::string_view, 2> kUpdateLegacyNames = {"AttributeUpdates", "Expected"};
constexpr std::array<std::string_view, 1> kProjectionNames = {"ProjectionExpression"};
constexpr std::array<std::string_view, 1> kAttributesToGetNames = {"AttributesToGet"};

/// Put and Delete return nothing or the item as it was.
bool wants_all_old(const Members& request) {
  const auto returned = request.text("ReturnValues");
  if (!returned || *returned == "NONE") return false;
  if (*returned == "ALL_OLD") return true;
  throw_validation("ReturnValues can only be ALL_OLD or NONE");
}

bool wants_old_on_failure(const Members& request) {
  return request.text("ReturnValuesOnConditionCheckFailure") == "ALL_OLD";
}

/// Refuses an update of a key attribute, of an index key to another type, and paths into either.
void check_update(const engine::Table& table, const expression::Update& update) {
  refuse_key_updates(table, update);
  engine::check_known_index_key_types(table, update);
  std::vector<std::string> nested;
  update.append_nested_attributes(nested);
  check_nested_attributes(table, nested);
}

void write_outcome(ObjectWriter& writer, Call& call, const engine::WriteAction& action,
                   const engine::WriteOutcome& outcome) {
  write_capacity(writer, *action.table, outcome.capacity, read_capacity_detail(call.request));
  write_item_collection(writer, call, *action.table, action.key);
}

/// The part of an item that an update touched; empty where the item has none of it.
void write_updated(ObjectWriter& writer, const std::vector<expression::Path>& paths, std::string_view item_json) {
  if (item_json.empty() || paths.empty()) return;
  std::string projected;
  expression::Projection(paths).append_json(json::Item(item_json), projected);
  if (projected != "{}") writer.key("Attributes") += projected;
}

/// The write of a put or a delete, and its reply.
void write_item(Call& call, const engine::WriteAction& action) {
  const engine::WriteOutcome outcome = call.engine().write(action);
  ObjectWriter writer(call.reply);
  if (action.want_old && outcome.existed) writer.key("Attributes") += outcome.old_json;
  write_outcome(writer, call, action, outcome);
  writer.end();
}

}  // namespace

void put_item(Call& call) {
  const Members& request = call.request;
  expression::check_expression_parameters(request.json(), kConditionNames, kExpectedNames);
  const json::Object wire = request.required_object("Item");
  const json::EncodedItem item = json::normalise_item(wire);
  engine::WriteAction action;
  action.kind = engine::WriteKind::kPut;
  action.want_old = wants_all_old(request);
  action.want_old_on_failure = wants_old_on_failure(request);
  if (item.size_bytes > core::kMaxItemSizeBytes) throw_validation("Item size has exceeded the maximum allowed size");
  expression::Bindings bindings = read_bindings(request);
  const auto condition = read_condition(request, bindings);
  bindings.check_all_used();
  action.table = call.engine().usable_table(table_name(request));
  action.key = key_from_item(*action.table, wire);
  action.item = &item;
  action.condition = condition ? &*condition : nullptr;

  write_item(call, action);
}

void delete_item(Call& call) {
  const Members& request = call.request;
  expression::check_expression_parameters(request.json(), kConditionNames, kExpectedNames);
  const WireKey key = read_wire_key(request.required_object("Key"));
  engine::WriteAction action;
  action.kind = engine::WriteKind::kDelete;
  action.want_old = wants_all_old(request);
  action.want_old_on_failure = wants_old_on_failure(request);
  expression::Bindings bindings = read_bindings(request);
  const auto condition = read_condition(request, bindings);
  bindings.check_all_used();
  action.table = call.engine().usable_table(table_name(request));
  action.key = key_from_wire(*action.table, key);
  action.condition = condition ? &*condition : nullptr;

  write_item(call, action);
}

void update_item(Call& call) {
  const Members& request = call.request;
  expression::check_expression_parameters(request.json(), kUpdateNames, kUpdateLegacyNames);
  const WireKey key = read_wire_key(request.required_object("Key"));
  const std::string_view returned = request.text("ReturnValues").value_or("NONE");
  engine::WriteAction action;
  action.kind = engine::WriteKind::kUpdate;
  action.want_old = returned == "ALL_OLD" || returned == "UPDATED_OLD";
  action.want_new = returned == "ALL_NEW" || returned == "UPDATED_NEW";
  action.want_old_on_failure = wants_old_on_failure(request);
  expression::Bindings bindings = read_bindings(request);
  std::optional<expression::Update> update;
  if (const auto text = request.text("UpdateExpression")) {
    update = expression::bind_update(*text, bindings);
  } else if (const auto updates = request.object("AttributeUpdates"); updates && updates->size() != 0) {
    update = expression::update_from_attribute_updates(*updates);
  }
  const auto condition = read_condition(request, bindings);
  bindings.check_all_used();
  action.table = call.engine().usable_table(table_name(request));
  action.key = key_from_wire(*action.table, key);
  if (update) check_update(*action.table, *update);
  action.update = update ? &*update : nullptr;
  action.condition = condition ? &*condition : nullptr;

  const engine::WriteOutcome outcome = call.engine().write(action);
  ObjectWriter writer(call.reply);
  if (returned == "ALL_OLD" && outcome.existed) writer.key("Attributes") += outcome.old_json;
  if (returned == "ALL_NEW" && !outcome.new_json.empty()) writer.key("Attributes") += outcome.new_json;
  if (update && returned == "UPDATED_OLD" && outcome.existed) write_updated(writer, update->paths(), outcome.old_json);
  if (update && returned == "UPDATED_NEW") write_updated(writer, update->paths(), outcome.new_json);
  write_outcome(writer, call, action, outcome);
  writer.end();
}

void get_item(Call& call) {
  const Members& request = call.request;
  expression::check_expression_parameters(request.json(), kProjectionNames, kAttributesToGetNames);
  const WireKey wire_key = read_wire_key(request.required_object("Key"));
  expression::Bindings bindings = read_bindings(request);
  const auto projection = read_projection(request, bindings);
  bindings.check_all_used();
  const engine::TablePtr table = call.engine().usable_table(table_name(request));
  const engine::Key key = key_from_wire(*table, wire_key);
  if (projection) check_key_paths(*table, projection->paths());

  thread_local std::string item;
  std::size_t size_bytes = 0;
  const bool found = call.engine().get_item(*table, key, item, size_bytes);
  ObjectWriter writer(call.reply);
  if (found) {
    std::string& out = writer.key("Item");
    if (projection) {
      projection->append_json(json::Item(item), out);
    } else {
      out += item;
    }
  }
  const CapacityDetail detail = read_capacity_detail(request);
  if (detail != CapacityDetail::kNone) {
    engine::Capacity capacity;
    capacity.table_read = engine::read_units(size_bytes, request.flag("ConsistentRead"));
    write_capacity(writer, *table, capacity, detail);
  }
  writer.end();
}

}  // namespace stator::api
