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

/// PartiQL requests, read: statements parsed and their parameters checked. What they ask for becomes the same typed
/// requests as every other operation's (api/statements.h).
namespace stator::api {

/// A statement with its parameters. Parameters are judged before the statement, and the statement with its operands
/// before its table is looked for.
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

/// A member of a batch, or what is wrong with it: members are judged one by one.
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
  /// What a repeated request must share with the one that used its token first; filled only with a token.
  std::string meaning;
  CapacityDetail capacity = CapacityDetail::kNone;
};

/// Each throws ApiError: ValidationException, or what a parameter's wire form throws.
ExecuteStatement read_execute_statement(const Members& request);
BatchExecuteStatement read_batch_execute_statement(const Members& request);
/// What is wrong with a statement (not with its parameters) is told with its place: "Validation failed in
/// TransactStatements[0]: …".
ExecuteTransaction read_execute_transaction(const Members& request);

/// Throws the fault with its place in the transaction in front.
[[noreturn]] void throw_in_transaction(std::size_t index, std::string_view message);

/// Appends the parameters in one spelling: equal ones come out as equal text.
void append_parameters_meaning(const std::vector<expression::SharedValue>& parameters, std::string& out);

}  // namespace stator::api
