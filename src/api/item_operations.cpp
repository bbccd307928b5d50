#include "api/item_operations.h"

#include "api/call.h"
#include "api/capacity.h"
#include "api/item_collection.h"
#include "api/item_rules.h"
#include "api/operations.h"
#include "api/reply.h"
#include "api/write_errors.h"
#include "engine/write_group.h"
#include "json/item.h"

/// PutItem, GetItem, UpdateItem, DeleteItem.
namespace stator::api {

namespace {

ItemWritten write(engine::Engine& engine, engine::WriteAction action) {
  engine::WriteOutcome outcome = engine.write(action);
  if (outcome.condition_failed) throw_refused(action, outcome);
  return {std::move(action.table), std::move(action.key), std::move(outcome)};
}

Place place_of(const Call& call) {
  return call.very_deep || call.deviates ? Place::kOperationOfOlderLayer : Place::kOperation;
}

/// The attributes of an item that an update wrote.
std::string updated_attributes(const std::vector<expression::Path>& paths, std::string_view item_json) {
  if (item_json.empty() || paths.empty()) return {};
  std::string projected;
  expression::Projection(paths).append_json(json::Item(item_json), projected);
  return projected == "{}" ? std::string() : projected;
}

/// Throws WouldWait if this thread collects writes and the reply has metrics, which wait for all writes under way.
void check_may_wait(const Call& call, const ItemWrite& request) {
  if (request.item_collection_metrics && call.engine().is_in_write_group()) throw engine::WouldWait{.alone = true};
}

/// Writes the reply to a write.
void write_reply(Call& call, const ItemWrite& request, ItemWritten written,
                 const std::vector<expression::Path>* paths = nullptr) {
  ObjectWriter writer(call.reply);
  if (request.return_values != ReturnValues::kNone) {
    const std::string attributes = returned_attributes(request.return_values, written.outcome, paths);
    if (!attributes.empty()) writer.key("Attributes") += attributes;
  }
  write_capacity(writer, call.request, written.outcome.capacity, request.capacity);
  if (request.item_collection_metrics && has_item_collections(*written.table)) {
    append_item_collection(call.engine(), *written.table, written.key, writer.key("ItemCollectionMetrics"));
  }
  writer.end();
}

}  // namespace

ItemWritten run(engine::Engine& engine, const PutItem& request) {
  return run(engine, engine.usable_table(request.table_name), request);
}

ItemWritten run(engine::Engine& engine, const engine::TablePtr& table, const PutItem& request) {
  return write(engine, resolve(table, request));
}

ItemWritten run(engine::Engine& engine, const DeleteItem& request) {
  return run(engine, engine.usable_table(request.table_name), request);
}

ItemWritten run(engine::Engine& engine, const engine::TablePtr& table, const DeleteItem& request) {
  return write(engine, resolve(table, request));
}

ItemWritten run(engine::Engine& engine, const UpdateItem& request) {
  return run(engine, engine.usable_table(request.table_name), request);
}

ItemWritten run(engine::Engine& engine, const engine::TablePtr& table, const UpdateItem& request) {
  return write(engine, resolve(table, request));
}

ItemRead run(const engine::Engine& engine, const GetItem& request, std::string& json) {
  return run(engine, engine.usable_table(request.table_name), request, json);
}

ItemRead run(const engine::Engine& engine, const engine::TablePtr& table, const GetItem& request, std::string& json) {
  ItemRead read;
  read.table = table;
  const engine::Key key = resolve(*read.table, request);
  read.found = engine.get_item(*read.table, key, json, read.size_bytes, request.consistent_read);
  read.capacity.table_read = engine::read_units(read.size_bytes, request.consistent_read);
  return read;
}

void append_item(std::string_view item_json, const std::optional<expression::Projection>& projection,
                 std::string& out) {
  if (projection) {
    projection->append_json(json::Item(item_json), out);
  } else {
    out += item_json;
  }
}

std::string returned_attributes(ReturnValues values, engine::WriteOutcome& outcome,
                                const std::vector<expression::Path>* paths) {
  switch (values) {
    case ReturnValues::kNone:
      return {};
    case ReturnValues::kAllOld:
      return outcome.existed ? std::move(outcome.old_json) : std::string();
    case ReturnValues::kAllNew:
      return std::move(outcome.new_json);
    case ReturnValues::kUpdatedOld:
      return paths != nullptr && outcome.existed ? updated_attributes(*paths, outcome.old_json) : std::string();
    case ReturnValues::kUpdatedNew:
      return paths != nullptr ? updated_attributes(*paths, outcome.new_json) : std::string();
  }
  return {};
}

void put_item(Call& call) {
  const PutItem request = read_put_item(call.request, place_of(call));
  check_may_wait(call, request);
  write_reply(call, request, run(call.engine(), request));
}

void delete_item(Call& call) {
  const DeleteItem request = read_delete_item(call.request, place_of(call));
  check_may_wait(call, request);
  write_reply(call, request, run(call.engine(), request));
}

void update_item(Call& call) {
  const UpdateItem request = read_update_item(call.request, place_of(call));
  check_may_wait(call, request);
  write_reply(call, request, run(call.engine(), request), request.update ? &request.update->paths() : nullptr);
}

void get_item(Call& call) {
  const GetItem request = read_get_item(call.request);
  thread_local std::string item;
  const ItemRead read = run(call.engine(), request, item);
  ObjectWriter writer(call.reply);
  if (read.found) append_item(item, request.projection, writer.key("Item"));
  write_capacity(writer, call.request, read.capacity, request.capacity);
  writer.end();
}

}  // namespace stator::api
