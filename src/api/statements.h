#pragma once

#include <optional>
#include <string>

#include "api/requests/statement_requests.h"
#include "api/requests/transaction_requests.h"
#include "engine/engine.h"
#include "partiql/result_projection.h"

/// Converts PartiQL statements to requests of the other operations. The results point into the statement and the table,
/// which must outlive them. All throw ValidationException.
namespace stator::api {

/// The typed request for an INSERT (PutItem), UPDATE, DELETE or EXISTS (ConditionCheck).
TransactWrite to_write(const StatementMember& member, const engine::Table& table);

/// Throws if a key attribute of the item is missing or has the wrong type, with the texts for statements outside of
/// transactions. Source: recorded from DynamoDB Local.
void check_keys(const TransactWrite& write, const engine::Table& table);

/// The GetItem for a SELECT that names one item of the table by its key and has no other condition, the only kind of
/// SELECT in batches and transactions; nullopt for any other.
std::optional<GetItem> to_get(const StatementMember& member, const engine::Table& table);

/// The index that the SELECT reads; null if it reads the table. Throws "The table does not have the specified index",
/// "PartiQL statements cannot be executed on tables with multi-attribute …".
const engine::Index* find_index(const partiql::Statement& statement, const engine::Table& table);

/// One page of a SELECT.
struct SelectPage {
  std::string items;  // separated by commas
  engine::Capacity capacity;
  std::string next_token;               // empty on the last page
  std::string last_evaluated_key_json;  // may be empty although there is a token, if another partition is next
};
SelectPage run_select(const engine::Engine& engine, const engine::TablePtr& table, const ExecuteStatement& request);

}  // namespace stator::api
