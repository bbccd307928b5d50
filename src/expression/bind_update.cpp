#include "expression/operand_types.h"
#include "expression/path.h"
#include "expression/update_program.h"

namespace stator::expression {
namespace {

using core::AttributeType;

constexpr ExpressionKind kKind = ExpressionKind::kUpdate;

/// The type names in errors of ADD and DELETE, which differ from those in all other errors.
std::string_view long_type_name(AttributeType type) {
  switch (type) {
    case AttributeType::kString:
      return "STRING";
    case AttributeType::kNumber:
      return "NUMBER";
    case AttributeType::kBinary:
      return "BINARY";
    case AttributeType::kStringSet:
      return "STRING_SET";
    case AttributeType::kNumberSet:
      return "NUMBER_SET";
    case AttributeType::kBinarySet:
      return "BINARY_SET";
    case AttributeType::kMap:
      return "MAP";
    case AttributeType::kList:
      return "LIST";
    case AttributeType::kBoolean:
      return "BOOLEAN";
    case AttributeType::kNull:
      return "NULL";
  }
  return {};
}

class Binder {
 public:
  Binder(const SyntaxTree& tree, Bindings& bindings) : tree_(tree), bindings_(bindings) {}

  UpdateProgram bind() {
    UpdateProgram program;
    program.paths.reserve(tree_.updates.size());
    for (const UpdateSyntax& update : tree_.updates) {
      program.paths.push_back(bind_path(kKind, tree_, tree_.nodes[update.path], bindings_));
    }
    check_disjoint(kKind, program.paths);
    program.actions.resize(tree_.updates.size());
    // The service processes the actions from last to first: first the names of all, then the values of all, then their
    // types.
    for (std::size_t i = tree_.updates.size(); i-- > 0;) bind_names(tree_.updates[i]);
    for (std::size_t i = tree_.updates.size(); i-- > 0;) bind_values(tree_.updates[i]);
    for (std::size_t i = tree_.updates.size(); i-- > 0;) program.actions[i] = bind_action(tree_.updates[i], i);
    return program;
  }

 private:
  void bind_names(const UpdateSyntax& update) {
    if (update.section == Section::kSet) bind_names(tree_.nodes[update.value]);
  }
  void bind_names(const SyntaxNode& node) {
    if (node.kind == NodeKind::kValue) return;
    if (node.kind == NodeKind::kPath) {
      bind_path(kKind, tree_, node, bindings_);
      return;
    }
    for (const NodeId child : tree_.children(node)) bind_names(tree_.nodes[child]);
  }

  void bind_values(const UpdateSyntax& update) {
    if (update.section != Section::kRemove) bind_values(tree_.nodes[update.value]);
  }
  void bind_values(const SyntaxNode& node) {
    if (node.kind == NodeKind::kPath) return;
    if (node.kind == NodeKind::kValue) {
      bind_value(kKind, node, bindings_);
      return;
    }
    for (const NodeId child : tree_.children(node)) bind_values(tree_.nodes[child]);
  }

  UpdateAction bind_action(const UpdateSyntax& update, std::size_t index) {
    UpdateAction action;
    action.path = index;
    if (update.section == Section::kRemove) {
      action.kind = UpdateAction::Kind::kRemove;
      return action;
    }
    action.value = bind_operand(tree_.nodes[update.value]);
    if (update.section == Section::kSet) return action;
    const bool adds = update.section == Section::kAdd;
    action.kind = adds ? UpdateAction::Kind::kAdd : UpdateAction::Kind::kDelete;
    const AttributeType type = action.value.value->type();
    if (TypeSet::sets().has(type) || (adds && type == AttributeType::kNumber)) return action;
    const std::string section(section_name(update.section));
    throw_invalid(kKind, "Incorrect operand type for operator or function; operator: " + section + ", operand type: " +
                             std::string(long_type_name(type)) + ", typeSet: ALLOWED_FOR_" + section + "_OPERAND");
  }

  UpdateValue bind_operand(const SyntaxNode& node) {
    UpdateValue value;
    switch (node.kind) {
      case NodeKind::kPath:
        value.kind = UpdateValue::Kind::kPath;
        value.path = bind_path(kKind, tree_, node, bindings_);
        break;
      case NodeKind::kValue:
        value.value = bind_value(kKind, node, bindings_);
        break;
      case NodeKind::kArithmetic:
        value.kind = node.op == Operator::kPlus ? UpdateValue::Kind::kPlus : UpdateValue::Kind::kMinus;
        bind_operands(node, value);
        check_types(value, operator_text(node.op), {AttributeType::kNumber});
        break;
      default:
        bind_call(node, value);
        break;
    }
    return value;
  }

  void bind_operands(const SyntaxNode& node, UpdateValue& value) {
    value.operands.reserve(node.count);
    for (const NodeId child : tree_.children(node)) value.operands.push_back(bind_operand(tree_.nodes[child]));
  }

  void bind_call(const SyntaxNode& node, UpdateValue& value) {
    bind_operands(node, value);
    if (node.count != 2) {
      throw_invalid(kKind, "Incorrect number of operands for operator or function; operator or function: " +
                               std::string(node.text) + ", number of operands: " + std::to_string(node.count));
    }
    if (node.function == Function::kListAppend) {
      value.kind = UpdateValue::Kind::kListAppend;
      check_types(value, "list_append", {AttributeType::kList});
      return;
    }
    value.kind = UpdateValue::Kind::kIfNotExists;
    if (value.operands.front().kind != UpdateValue::Kind::kPath) {
      throw_invalid(kKind, "Operator or function requires a document path; operator or function: if_not_exists");
    }
    value.path = std::move(value.operands.front().path);
    value.operands.erase(value.operands.begin());
    const UpdateValue& alternative = value.operands.front();
    if (alternative.kind == UpdateValue::Kind::kPath && alternative.path == value.path) {
      throw_invalid(kKind,
                    "The first operand must be distinct from the remaining operands for this operator or function; "
                    "operator: if_not_exists, first operand: " +
                        to_text(value.path));
    }
  }

  /// Only operands given in the request have a known type.
  static void check_types(const UpdateValue& value, std::string_view name, TypeSet allowed) {
    for (const UpdateValue& operand : value.operands) {
      if (operand.kind != UpdateValue::Kind::kValue || allowed.has(operand.value->type())) continue;
      throw_operand_type(kKind, name, operand.value->type());
    }
  }

  const SyntaxTree& tree_;
  Bindings& bindings_;
};

}  // namespace

Update bind_update(std::string_view text, Bindings& bindings) {
  const SharedSyntax tree = parse_cached(kKind, text);
  return Update(std::make_shared<const UpdateProgram>(Binder(*tree, bindings).bind()));
}

}  // namespace stator::expression
