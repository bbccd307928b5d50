#include "api/requests/statement_requests.h"

#include "core/api_error.h"
#include "json/canonical.h"
#include "partiql/bind.h"

namespace stator::api {

namespace {

void read_parameters(const Members& request, StatementMember& member) {
  const auto values = request.array("Parameters");
  if (!values) return;
  member.parameters.reserve(values->size());
  for (const auto value : *values) {
    member.parameters.push_back(std::make_shared<const core::AttributeValue>(partiql::read_parameter(value)));
  }
}

void read_statement(const Members& request, StatementMember& member) {
  member.statement = partiql::parse_cached(request.required_text("Statement"));
  partiql::check_parameters(*member.statement, member.parameters);
  if (member.statement->where) member.where = partiql::bind_where(*member.statement, member.parameters);
  member.consistent_read = request.flag("ConsistentRead");
  member.return_old_on_failure = wants_old_on_failure(request);
}

StatementMember read_member(const Members& request) {
  StatementMember member;
  read_parameters(request, member);
  read_statement(request, member);
  return member;
}

}  // namespace

void throw_in_transaction(std::size_t index, std::string_view message) {
  core::throw_validation("Validation failed in TransactStatements[" + std::to_string(index) +
                         "]: " + std::string(message));
}

void append_canonical_parameters(const std::vector<expression::SharedValue>& parameters, std::string& out) {
  for (const auto& parameter : parameters) {
    out += '\n';
    json::append_sorted_value(*parameter, out);
  }
}

ExecuteStatement read_execute_statement(const Members& request) {
  ExecuteStatement execute;
  execute.capacity = read_capacity_detail(request);
  execute.next_token = request.text("NextToken").value_or(std::string_view{});
  if (const auto limit = request.integer("Limit")) execute.limit = static_cast<std::uint32_t>(*limit);
  execute.member = read_member(request);
  return execute;
}

BatchExecuteStatement read_batch_execute_statement(const Members& request) {
  BatchExecuteStatement batch;
  batch.capacity = read_capacity_detail(request);
  for (const auto element : request.required_array("Statements")) {
    BatchStatement& statement = batch.statements.emplace_back();
    try {
      statement.member = read_member(Members(element.get_object()));
      // The service accepts ReturnValuesOnConditionCheckFailure here but never returns the item.
      statement.member->return_old_on_failure = false;
    } catch (const core::ApiError& error) {
      if (error.type != core::ErrorCode::kValidation) throw;
      statement.fault = std::current_exception();
    }
  }
  return batch;
}

ExecuteTransaction read_execute_transaction(const Members& request) {
  ExecuteTransaction transaction;
  transaction.capacity = read_capacity_detail(request);
  transaction.token = request.text("ClientRequestToken").value_or(std::string_view{});
  const auto elements = request.required_array("TransactStatements");
  transaction.statements.reserve(elements.size());
  for (const auto element : elements) {
    read_parameters(Members(element.get_object()), transaction.statements.emplace_back());
  }
  std::size_t index = 0;
  for (const auto element : elements) {
    StatementMember& member = transaction.statements[index];
    try {
      read_statement(Members(element.get_object()), member);
    } catch (const core::ApiError& error) {
      throw_in_transaction(index, error.message);
    }
    ++index;
  }
  if (transaction.token.empty()) return transaction;
  transaction.canonical_text = "ExecuteTransaction";
  for (const StatementMember& member : transaction.statements) {
    transaction.canonical_text.append("\n\n").append(member.statement->text);
    append_canonical_parameters(member.parameters, transaction.canonical_text);
    if (member.return_old_on_failure) transaction.canonical_text += "\nALL_OLD";
  }
  return transaction;
}

}  // namespace stator::api
