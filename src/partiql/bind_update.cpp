#include "core/api_error.h"
#include "expression/operand_types.h"
#include "expression/path.h"
#include "expression/update_program.h"
#include "partiql/bind.h"
#include "partiql/keywords.h"

namespace stator::partiql {
namespace {

using core::AttributeType;
using expression::ExpressionKind;
using expression::TypeSet;
using expression::UpdateAction;
using expression::UpdateProgram;
using expression::UpdateValue;

constexpr ExpressionKind kKind = ExpressionKind::kStatement;

class Binder {
 public:
  Binder(const Statement& statement, Parameters parameters) : statement_(statement), parameters_(parameters) {}

  UpdateProgram bind() {
    UpdateProgram program;
    program.of_statement = true;
    for (const Assignment& assignment : statement_.assignments) {
      const Node& target = statement_.node(assignment.path);
      UpdateAction action;
      action.path = program.paths.size();
      program.paths.push_back(bind_path(statement_, target));
      if (assignment.removes) {
        action.kind = UpdateAction::Kind::kRemove;
      } else {
        assign(program.paths.back(), statement_.node(assignment.value), action);
      }
      program.actions.push_back(std::move(action));
    }
    expression::check_disjoint(kKind, program.paths);
    return program;
  }

 private:
  void assign(const expression::Path& target, const Node& value, UpdateAction& action) {
    const bool adds = is_call(value, "SET_ADD");
    if (!adds && !is_call(value, "SET_DELETE")) {
      action.value = operand(value);
      return;
    }
    const std::string name = adds ? "SET_ADD" : "SET_DELETE";
    if (value.children.size() != 2) {
      throw_at(name + " must have exactly two arguments", statement_.text, value.where);
    }
    const Node& first = statement_.child(value, 0);
    const Node& second = statement_.child(value, 1);
    if (first.kind != NodeKind::kPath || !(bind_path(statement_, first) == target)) {
      throw_at("The first argument to " + name + " must equal the assignment value", statement_.text, value.where);
    }
    if (is_value(second)) action.value.value = bind_value(statement_, second, parameters_);
    if (action.value.value == nullptr || !TypeSet::sets().has(action.value.value->type())) {
      throw_at("The second argument to " + name + " must be a value with type SET", statement_.text, first.where);
    }
    action.kind = adds ? UpdateAction::Kind::kAdd : UpdateAction::Kind::kDelete;
  }

  static bool is_call(const Node& node, std::string_view name) {
    return node.kind == NodeKind::kCall && is_same_word(node.text, name);
  }

  UpdateValue operand(const Node& node) {
    UpdateValue value;
    if (node.kind == NodeKind::kPath) {
      value.kind = UpdateValue::Kind::kPath;
      value.path = bind_path(statement_, node);
    } else if (is_value(node)) {
      value.value = bind_value(statement_, node, parameters_);
    } else if (node.kind == NodeKind::kArithmetic) {
      value.kind = node.op == Operator::kPlus ? UpdateValue::Kind::kPlus : UpdateValue::Kind::kMinus;
      operands(node, value);
      check_types(value, node.text, {AttributeType::kNumber});
    } else if (is_call(node, "LIST_APPEND")) {
      value.kind = UpdateValue::Kind::kListAppend;
      operands(node, value);
      check_count(node, "list_append");
      check_types(value, "list_append", {AttributeType::kList});
    } else if (is_call(node, "IF_NOT_EXISTS")) {
      if_not_exists(node, value);
    } else if (node.kind == NodeKind::kCall) {
      throw_at("Unrecognized function: " + lower_case(node.text), statement_.text, node.where);
    } else {
      throw_unsupported(node);
    }
    return value;
  }

  void if_not_exists(const Node& node, UpdateValue& value) {
    value.kind = UpdateValue::Kind::kIfNotExists;
    operands(node, value);
    check_count(node, "if_not_exists");
    if (value.operands.front().kind != UpdateValue::Kind::kPath) {
      expression::throw_invalid(kKind,
                                "Operator or function requires a document path; operator or function: if_not_exists");
    }
    value.path = std::move(value.operands.front().path);
    value.operands.erase(value.operands.begin());
  }

  void operands(const Node& node, UpdateValue& value) {
    value.operands.reserve(node.children.size());
    for (const NodeId child : node.children) value.operands.push_back(operand(statement_.node(child)));
  }

  static void check_count(const Node& node, std::string_view name) {
    if (node.children.size() == 2) return;
    expression::throw_invalid(
        kKind, "Incorrect number of operands for operator or function; operator or function: " + std::string(name) +
                   ", number of operands: " + std::to_string(node.children.size()));
  }

  /// Only operands given in the request have a known type.
  static void check_types(const UpdateValue& value, std::string_view name, TypeSet allowed) {
    for (const UpdateValue& operand : value.operands) {
      if (operand.kind != UpdateValue::Kind::kValue || allowed.has(operand.value->type())) continue;
      expression::throw_operand_type(kKind, name, operand.value->type());
    }
  }

  const Statement& statement_;
  const Parameters parameters_;
};

}  // namespace

expression::Update bind_update(const Statement& statement, Parameters parameters) {
  return expression::Update(std::make_shared<const UpdateProgram>(Binder(statement, parameters).bind()));
}

}  // namespace stator::partiql
