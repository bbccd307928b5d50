#include <algorithm>
#include <array>
#include <deque>
#include <unordered_set>

#include "api/call.h"
#include "api/capacity.h"
#include "api/item_collection.h"
#include "api/keys.h"
#include "api/operations.h"
#include "api/reply.h"
#include "api/request_meaning.h"
#include "core/api_error.h"
#include "core/limits.h"
#include "engine/idempotency.h"
#include "json/item.h"
#include "json/writer.h"

/// TransactGetItems and TransactWriteItems.
namespace stator::api {

using core::throw_validation;

namespace {

constexpr const char* kSeveralOperations = "Transaction request cannot include multiple operations on one item";

/// Faults of single actions that the service reports as the transaction's cancellation.
class Cancellation {
 public:
  explicit Cancellation(std::size_t actions) : reasons_(actions) {}
  void fail(std::size_t action, const core::ApiError& error) {
    reasons_[action] = &messages_.emplace_back(error.message);
  }
  [[nodiscard]] bool any() const { return !messages_.empty(); }
  [[noreturn]] void raise() const {
    std::string codes;
    std::string list;
    for (const auto* message : reasons_) {
      codes += codes.empty() ? "" : ", ";
      codes += message != nullptr ? "ValidationError" : "None";
      list += list.empty() ? '[' : ',';
      ObjectWriter reason(list);
      reason.text("Code", message != nullptr ? "ValidationError" : "None");
      if (message != nullptr) reason.text("Message", *message);
      reason.end();
    }
    throw core::ApiError(
        "TransactionCanceledException",
        "Transaction cancelled, please refer cancellation reasons for specific reasons [" + codes + "]",
        "\"CancellationReasons\":" + list + "]");
  }

 private:
  std::vector<const std::string*> reasons_;
  std::deque<std::string> messages_;
};

/// A key that is empty where it must not be is the whole request's fault, any other one its action's.
bool is_request_fault(const core::ApiError& error) {
  return error.message.find("cannot contain an empty") != std::string::npos;
}

/// One action of a TransactWriteItems with what it owns.
struct TransactWrite {
  std::string_view kind;
  json::Object request;
  std::string_view table_name;
  engine::WriteAction action;
  json::Object wire_item;
  json::EncodedItem item;
  WireKey wire_key;
  std::optional<expression::Update> update;
  std::optional<expression::Condition> condition;
};

/// Reads what can be judged without the table.
TransactWrite read_action(const Members& element) {
  constexpr std::array kKinds = {
      std::pair{"ConditionCheck", engine::WriteKind::kConditionCheck}, std::pair{"Put", engine::WriteKind::kPut},
      std::pair{"Delete", engine::WriteKind::kDelete}, std::pair{"Update", engine::WriteKind::kUpdate}};
  TransactWrite write;
  std::optional<json::Object> found;
  for (const auto& [name, kind] : kKinds) {
    const auto object = element.object(name);
    if (!object) continue;
    if (found) throw_validation("TransactItems can only contain one of Check, Put, Update or Delete");
    found = object;
    write.kind = name;
    write.action.kind = kind;
  }
  if (!found) {
    throw_validation("Invalid Request: TransactWriteRequest should contain Delete or Put or Update request");
  }
  write.request = *found;
  const Members request(write.request);
  write.table_name = table_name(request);
  write.action.want_old_on_failure = request.text("ReturnValuesOnConditionCheckFailure") == "ALL_OLD";
  if (write.action.kind == engine::WriteKind::kPut) {
    write.wire_item = request.required_object("Item");
    write.item = json::normalise_item(write.wire_item);
    if (write.item.size_bytes > core::kMaxItemSizeBytes) {
      throw_validation("Item size has exceeded the maximum allowed size");
    }
  } else {
    write.wire_key = read_wire_key(request.required_object("Key"));
  }
  expression::Bindings bindings = read_bindings(request);
  if (write.action.kind == engine::WriteKind::kUpdate) {
    write.update = expression::bind_update(request.text("UpdateExpression").value_or(std::string_view{}), bindings);
  }
  if (const auto text = request.text("ConditionExpression")) {
    write.condition = expression::bind_condition(*text, expression::ConditionKind::kCondition, bindings);
  } else if (write.action.kind == engine::WriteKind::kConditionCheck) {
    throw_validation("ConditionExpression is required for ConditionCheck operations in TransactWriteItems");
  }
  bindings.check_all_used();
  return write;
}

void check_transact_update(const engine::Table& table, const expression::Update& update) {
  refuse_key_updates(table, update);
  std::vector<std::string> nested;
  update.append_nested_attributes(nested);
  check_nested_attributes(table, nested);
}

/// Holds the action against its table.
void resolve_action(TransactWrite& write) {
  const engine::Table& table = *write.action.table;
  if (write.action.kind == engine::WriteKind::kPut) {
    write.action.key = key_from_item(table, write.wire_item);
    write.action.item = &write.item;
  } else {
    write.action.key = key_from_wire(table, write.wire_key);
  }
  if (write.update) check_transact_update(table, *write.update);
  write.action.update = write.update ? &*write.update : nullptr;
  write.action.condition = write.condition ? &*write.condition : nullptr;
}

/// What a repeated request must share with the one that used its token first.
std::string meaning_of(const std::vector<TransactWrite>& writes) {
  std::string meaning = "TransactWriteItems";
  for (const auto& write : writes) {
    meaning += '\n';
    append_action_meaning(write.kind, Members(write.request), meaning);
  }
  return meaning;
}

/// nullopt for a request without a token.
std::optional<engine::TokenClaim> claim_token(Call& call, const std::vector<TransactWrite>& writes) {
  const auto token = call.request.text("ClientRequestToken");
  if (!token || token->empty()) return std::nullopt;
  return call.engine().claim_token(*token, meaning_of(writes));
}

/// A repeated request is charged for reads of what the first one wrote. Its tables may be gone by now.
void write_replay(Call& call, const std::vector<TransactWrite>& writes, const std::vector<std::size_t>& sizes_bytes) {
  CapacityByTable capacity;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    engine::Capacity used;
    used.table_read = 2 * engine::read_units(sizes_bytes.at(i), true);
    capacity.add(writes[i].table_name, used);
  }
  ObjectWriter writer(call.reply);
  capacity.write(writer, read_capacity_detail(call.request), true);
  writer.end();
}

void write_reply(Call& call, const std::vector<TransactWrite>& writes,
                 const std::vector<engine::WriteOutcome>& outcomes) {
  CapacityByTable capacity;
  std::vector<std::pair<std::string_view, std::string>> metrics;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    const auto& action = writes[i].action;
    capacity.add(action.table->name, outcomes[i].capacity);
    if (!wants_item_collection(call.request) || !has_item_collections(*action.table)) continue;
    if (action.kind == engine::WriteKind::kConditionCheck) continue;
    auto found = std::ranges::find(metrics, writes[i].table_name, &decltype(metrics)::value_type::first);
    if (found == metrics.end()) found = metrics.insert(metrics.end(), {writes[i].table_name, ""});
    found->second += found->second.empty() ? '[' : ',';
    append_item_collection(call, *action.table, action.key, found->second);
  }
  ObjectWriter writer(call.reply);
  capacity.write(writer, read_capacity_detail(call.request), true);
  if (!metrics.empty()) {
    std::string& out = writer.key("ItemCollectionMetrics");
    out += '{';
    for (const auto& [name, list] : metrics) {
      if (name.data() != metrics.front().first.data()) out += ',';
      json::append_string(name, out);
      ((out += ':') += list) += ']';
    }
    out += '}';
  }
  writer.end();
}

std::vector<TransactWrite> read_actions(const Members& request) {
  std::vector<TransactWrite> writes;
  const auto elements = request.required_array("TransactItems");
  for (const auto element : elements) writes.push_back(read_action(Members(element.get_object())));
  return writes;
}

/// Holds the actions against their tables, and against each other.
void resolve_actions(Call& call, std::vector<TransactWrite>& writes) {
  for (auto& write : writes) write.action.table = call.engine().usable_table(write.table_name);
  Cancellation cancellation(writes.size());
  std::unordered_set<std::string> seen;
  std::size_t total_bytes = 0;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    try {
      resolve_action(writes[i]);
    } catch (const core::ApiError& error) {
      if (is_request_fault(error)) throw;
      cancellation.fail(i, error);
      break;  // the service looks no further than the first
    }
    total_bytes += writes[i].item.size_bytes;
    if (!seen.insert(writes[i].action.key.encoded).second) throw_validation(kSeveralOperations);
  }
  if (total_bytes > core::kMaxTransactionSizeBytes) {
    const std::string what = "Transaction payload size cannot exceed 4MB. Payload Size: ";
    throw_validation(what + ": " + what + std::to_string(total_bytes));
  }
  if (cancellation.any()) cancellation.raise();
}

}  // namespace

void transact_write_items(Call& call) {
  std::vector<TransactWrite> writes = read_actions(call.request);
  // Before anything that depends on the tables: a request that happened is not judged by what they have become.
  const std::optional<engine::TokenClaim> claim = claim_token(call, writes);
  if (claim && claim->earlier_sizes_bytes()) {
    write_replay(call, writes, *claim->earlier_sizes_bytes());
    return;
  }
  resolve_actions(call, writes);
  std::vector<engine::WriteAction> actions;
  actions.reserve(writes.size());
  for (const auto& write : writes) actions.push_back(write.action);
  write_reply(call, writes, call.engine().transact_write(actions, claim ? &*claim : nullptr));
}

void transact_get_items(Call& call) {
  struct Get {
    std::string_view table_name;
    WireKey key;
    std::optional<expression::Projection> projection;
  };
  std::vector<Get> gets;
  const auto elements = call.request.required_array("TransactItems");
  for (const auto element : elements) {
    const Members request(Members(element.get_object()).required_object("Get"));
    Get get;
    get.table_name = table_name(request);
    get.key = read_wire_key(request.required_object("Key"));
    expression::Bindings bindings = read_bindings(request);
    get.projection = read_projection(request, bindings);
    bindings.check_all_used();
    gets.push_back(std::move(get));
  }
  std::vector<engine::Engine::ReadAction> actions(gets.size());
  for (std::size_t i = 0; i < gets.size(); ++i) actions[i].table = call.engine().usable_table(gets[i].table_name);
  Cancellation cancellation(gets.size());
  std::unordered_set<std::string> seen;
  for (std::size_t i = 0; i < gets.size(); ++i) {
    try {
      actions[i].key = key_from_wire(*actions[i].table, gets[i].key);
      if (const auto& projection = gets[i].projection) check_key_paths(*actions[i].table, projection->paths());
    } catch (const core::ApiError& error) {
      if (is_request_fault(error)) throw;
      cancellation.fail(i, error);
      continue;
    }
    if (!seen.insert(actions[i].key.encoded).second) throw_validation(kSeveralOperations);
  }
  if (cancellation.any()) cancellation.raise();

  const auto outcomes = call.engine().transact_get(actions);
  CapacityByTable capacity;
  ObjectWriter writer(call.reply);
  std::string& out = writer.key("Responses");
  out += '[';
  for (std::size_t i = 0; i < gets.size(); ++i) {
    if (i != 0) out += ',';
    engine::Capacity used;
    used.table_read = 2 * engine::read_units(outcomes[i].size_bytes, true);
    capacity.add(actions[i].table->name, used);
    std::string item = outcomes[i].json;
    if (const auto& projection = gets[i].projection; projection && !item.empty()) {
      std::string projected;
      projection->append_json(json::Item(item), projected);
      item = projected == "{}" ? std::string() : projected;
    }
    ObjectWriter entry(out);
    if (!item.empty()) entry.key("Item") += item;
    entry.end();
  }
  out += ']';
  capacity.write(writer, read_capacity_detail(call.request), true);
  writer.end();
}

}  // namespace stator::api
