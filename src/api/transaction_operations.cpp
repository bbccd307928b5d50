#include "api/transaction_operations.h"

#include <algorithm>
#include <unordered_set>

#include "api/call.h"
#include "api/capacity.h"
#include "api/item_collection.h"
#include "api/item_operations.h"
#include "api/item_rules.h"
#include "api/operations.h"
#include "api/reply.h"
#include "api/write_errors.h"
#include "core/api_error.h"
#include "core/limits.h"
#include "engine/idempotency.h"

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
    reasons_[action] = {engine::CancellationCode::kValidationError, error.message, {}};
    any_ = true;
  }
  [[nodiscard]] bool any() const { return any_; }
  [[noreturn]] void raise() const { throw_cancelled(reasons_); }

 private:
  std::vector<engine::CancellationReason> reasons_;
  bool any_ = false;
};

/// Whether the fault fails the whole request, as an empty key does. Others cancel the transaction with a reason for the
/// action.
bool is_request_fault(const core::ApiError& error) { return error.fault == core::Fault::kEmptyKey; }

engine::WriteAction resolve_action(const engine::TablePtr& table, const TransactWrite& action) {
  if (const auto* update = std::get_if<UpdateItem>(&action)) return resolve(table, *update, Place::kTransaction);
  if (const auto* put = std::get_if<PutItem>(&action)) return resolve(table, *put, Place::kTransaction);
  if (const auto* deletion = std::get_if<DeleteItem>(&action)) return resolve(table, *deletion);
  return resolve(table, std::get<ConditionCheck>(action));
}

std::size_t put_size_bytes(const TransactWrite& action) {
  const auto* put = std::get_if<PutItem>(&action);
  return put != nullptr ? put->item.size_bytes : 0;
}

/// Throws if a transaction writes or reads more than the service allows.
void check_payload_size(std::size_t bytes) {
  if (bytes <= core::kMaxTransactionSizeBytes) return;
  const std::string what = "Transaction payload size cannot exceed 4MB. Payload Size: ";
  throw_validation(what + ": " + what + std::to_string(bytes));
}

/// Checks the actions against their tables and against each other.
std::vector<engine::WriteAction> resolve_actions(const engine::Engine& engine, const TransactWriteItems& request) {
  std::vector<engine::TablePtr> tables;
  for (const auto& action : request.actions) tables.push_back(engine.usable_table(common_part(action).table_name));
  Cancellation cancellation(request.actions.size());
  std::vector<engine::WriteAction> actions;
  actions.reserve(request.actions.size());
  std::unordered_set<std::string_view> seen;
  std::size_t total_bytes = 0;
  for (std::size_t i = 0; i < request.actions.size(); ++i) {
    if (const auto* update = std::get_if<UpdateItem>(&request.actions[i])) check_statement_size(*update);
    try {
      actions.push_back(resolve_action(tables[i], request.actions[i]));
    } catch (const core::ApiError& error) {
      if (is_request_fault(error)) throw;
      cancellation.fail(i, error);
      break;  // the service checks only up to the first fault
    }
    total_bytes += put_size_bytes(request.actions[i]);
    if (!seen.insert(actions.back().key.encoded).second) throw_validation(kSeveralOperations);
  }
  check_payload_size(total_bytes);
  if (cancellation.any()) cancellation.raise();
  return actions;
}

void check_throughput(const std::vector<engine::Engine::ReadOutcome>& outcomes) {
  std::vector<engine::CancellationReason> reasons(outcomes.size());
  bool any = false;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i].exceeded) continue;
    reasons[i] = {engine::CancellationCode::kThroughputExceeded, {}, {}, outcomes[i].exceeded};
    any = true;
  }
  if (any) throw_cancelled(reasons);
}

std::optional<engine::TokenClaim> claim_token(engine::Engine& engine, const TransactWriteItems& request) {
  if (request.token.empty()) return std::nullopt;
  return engine.claim_token(request.token, request.canonical_text);
}

/// Writes the reply to a repeated request, which is charged for reads of the items that the first one wrote. The tables
/// may have been deleted since.
void write_replay(Call& call, const TransactWriteItems& request, const std::vector<std::size_t>& sizes_bytes) {
  CapacityByTable capacity;
  for (std::size_t i = 0; i < request.actions.size(); ++i) {
    engine::Capacity used;
    used.table_read = 2 * engine::read_units(sizes_bytes.at(i), true);
    capacity.add(common_part(request.actions[i]).table_name, used);
  }
  ObjectWriter writer(call.reply);
  capacity.write(writer, request.capacity, true);
  writer.end();
}

/// Writes ItemCollectionMetrics of all writes, by the table's name in the request.
void write_item_collections(ObjectWriter& writer, Call& call, const TransactWriteItems& request,
                            const TransactWritten& written) {
  std::vector<std::pair<std::string_view, std::string>> metrics;
  for (std::size_t i = 0; i < written.actions.size(); ++i) {
    const auto& action = written.actions[i];
    if (action.kind == engine::WriteKind::kConditionCheck || !has_item_collections(*action.table)) continue;
    const std::string_view name = common_part(request.actions[i]).table_name;
    auto found = std::ranges::find(metrics, name, &decltype(metrics)::value_type::first);
    if (found == metrics.end()) found = metrics.insert(metrics.end(), {name, ""});
    found->second += found->second.empty() ? '[' : ',';
    append_item_collection(call.engine(), *action.table, action.key, found->second);
  }
  if (metrics.empty()) return;
  ObjectWriter tables(writer.key("ItemCollectionMetrics"));
  for (const auto& [name, list] : metrics) (tables.member(name) += list) += ']';
  tables.end();
}

void write_reply(Call& call, const TransactWriteItems& request, const TransactWritten& written) {
  CapacityByTable capacity;
  for (std::size_t i = 0; i < written.actions.size(); ++i) {
    capacity.add(written.actions[i].table->name, written.outcomes[i].capacity);
  }
  ObjectWriter writer(call.reply);
  capacity.write(writer, request.capacity, true);
  if (request.item_collection_metrics) write_item_collections(writer, call, request, written);
  writer.end();
}

}  // namespace

TransactWritten run(engine::Engine& engine, const TransactWriteItems& request) {
  TransactWritten written;
  // Claimed before anything that depends on the tables, which may have changed since the first request.
  const std::optional<engine::TokenClaim> claim = claim_token(engine, request);
  if (claim && claim->earlier_sizes_bytes()) {
    written.repeated = true;
    written.sizes_bytes = *claim->earlier_sizes_bytes();
    return written;
  }
  written.actions = resolve_actions(engine, request);
  engine::TransactionOutcome outcome = engine.transact_write(written.actions, claim ? &*claim : nullptr);
  if (outcome.cancelled()) throw_cancelled(outcome.reasons);
  written.outcomes = std::move(outcome.outcomes);
  return written;
}

TransactRead run(const engine::Engine& engine, const TransactGetItems& request) {
  TransactRead read;
  read.actions.resize(request.gets.size());
  for (std::size_t i = 0; i < read.actions.size(); ++i) {
    read.actions[i].table = engine.usable_table(request.gets[i].table_name);
  }
  Cancellation cancellation(read.actions.size());
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < read.actions.size(); ++i) {
    auto& action = read.actions[i];
    try {
      action.key = resolve(*action.table, request.gets[i]);
    } catch (const core::ApiError& error) {
      if (is_request_fault(error)) throw;
      cancellation.fail(i, error);
      continue;
    }
    if (!seen.insert(action.key.encoded).second) throw_validation(kSeveralOperations);
  }
  if (cancellation.any()) cancellation.raise();
  read.outcomes = engine.transact_get(read.actions);
  check_throughput(read.outcomes);
  std::size_t total_bytes = 0;
  for (const auto& outcome : read.outcomes) total_bytes += outcome.size_bytes;
  check_payload_size(total_bytes);
  return read;
}

void transact_write_items(Call& call) {
  const TransactWriteItems request = read_transact_write_items(call.request, call.deviates);
  const TransactWritten written = run(call.engine(), request);
  if (written.repeated) {
    write_replay(call, request, written.sizes_bytes);
  } else {
    write_reply(call, request, written);
  }
}

void transact_get_items(Call& call) {
  const TransactGetItems request = read_transact_get_items(call.request, call.deviates);
  const TransactRead read = run(call.engine(), request);
  CapacityByTable capacity;
  ObjectWriter writer(call.reply);
  ArrayWriter responses(writer.key("Responses"));
  std::string item;
  for (std::size_t i = 0; i < read.outcomes.size(); ++i) {
    engine::Capacity used;
    used.table_read = 2 * engine::read_units(read.outcomes[i].size_bytes, true);
    capacity.add(read.actions[i].table->name, used);
    item.clear();
    const auto& projection = request.gets[i].projection;
    if (!read.outcomes[i].json.empty()) append_item(read.outcomes[i].json, projection, item);
    ObjectWriter entry(responses.element());
    if (!item.empty() && !(projection && item == "{}")) entry.key("Item") += item;
    entry.end();
  }
  responses.end();
  capacity.write(writer, request.capacity, true);
  writer.end();
}

}  // namespace stator::api
