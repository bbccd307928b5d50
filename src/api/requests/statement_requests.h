#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string_view>
#include <vector>

#include "api/members.h"
#include "api/requests/options.h"
#include "expression/condition_node.h"
#include "partiql/values.h"

/// PartiQL requests with their statements parsed and parameters checked. api/statements.h turns them into the typed
/// requests of the other operations.
namespace stator::api {

/// A statement with its parameters. Parameters are checked before the statement, and the statement with its operands is
/// checked before its table is looked up.
struct StatementMember {
  partiql::SharedStatement statement;
  std::vector<expression::SharedValue> parameters;
  std::optional<expression::ConditionNode> where;
  bool consistent_read = false;
  bool return_old_on_failure = false;
};

struct ExecuteStatement {
  StatementMember member;
  std::optional<std::uint32_t> limit;  // items to evaluate
  std::string_view next_token;         // empty: none
  CapacityDetail capacity = CapacityDetail::kNone;
};

/// A member of a batch, or its error, as each member is checked separately.
struct BatchStatement {
  std::optional<StatementMember> member;
  std::exception_ptr fault;
};

struct BatchExecuteStatement {
  std::vector<BatchStatement> statements;
  CapacityDetail capacity = CapacityDetail::kNone;
};

struct ExecuteTransaction {
  std::vector<StatementMember> statements;
  /// ClientRequestToken; empty: none.
  std::string_view token;
  /// The canonical text, compared if the token is used again; filled in only with a token.
  std::string canonical_text;
  CapacityDetail capacity = CapacityDetail::kNone;
};

/// Each throws ApiError: ValidationException, or what reading a parameter throws.
ExecuteStatement read_execute_statement(const Members& request);
BatchExecuteStatement read_batch_execute_statement(const Members& request);
/// Errors in a statement, but not those in its parameters, name its place: "Validation failed in TransactStatements[0]:
/// …".
ExecuteTransaction read_execute_transaction(const Members& request);

/// Throws ValidationException with the statement's place in the transaction and the message.
[[noreturn]] void throw_in_transaction(std::size_t index, std::string_view message);

/// Appends the parameters' canonical text: equal parameters have equal texts.
void append_canonical_parameters(const std::vector<expression::SharedValue>& parameters, std::string& out);

}  // namespace stator::api
