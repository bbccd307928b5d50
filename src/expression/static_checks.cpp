#include "expression/static_checks.h"

#include <array>
#include <charconv>
#include <optional>

#include "core/limits.h"
#include "expression/reserved_words.h"

namespace stator::expression {
namespace {

bool belongs_to_updates(Function function) {
  return function == Function::kIfNotExists || function == Function::kListAppend;
}

std::optional<Function> function_from_name(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Function::kListAppend); ++i) {
    if (function_name(static_cast<Function>(i)) == name) return static_cast<Function>(i);
  }
  return std::nullopt;
}

/// Where a call occurs, which determines the allowed functions.
enum class Place : std::uint8_t { kCondition, kOperand, kInsideListAppend };

class Checker {
 public:
  Checker(ExpressionKind kind, SyntaxTree& tree) : kind_(kind), tree_(tree) {}

  void check() {
    switch (kind_) {
      case ExpressionKind::kProjection:
        for (const NodeId path : tree_.projection) visit(path, Place::kOperand);
        break;
      case ExpressionKind::kUpdate:
        check_update();
        break;
      default:
        visit(tree_.root, Place::kCondition);
        break;
    }
  }

 private:
  /// Checks an update section by section, in the order in which the sections first appear.
  void check_update() {
    std::array<bool, 4> done{};
    for (const UpdateSyntax& first : tree_.updates) {
      bool& section_done = done[static_cast<std::size_t>(first.section)];
      if (section_done) continue;
      section_done = true;
      int times = 0;
      for (const UpdateSyntax& update : tree_.updates) {
        if (update.section != first.section) continue;
        times += update.starts_section ? 1 : 0;
        visit(update.path, Place::kOperand);
        if (update.section != Section::kRemove) visit(update.value, Place::kOperand);
      }
      if (times > 1) {
        std::string message = "The \"";
        message.append(section_name(first.section)).append("\" section can only be used once in an update expression;");
        throw_invalid(kind_, message);
      }
    }
  }

  void visit(NodeId id, Place place) {
    SyntaxNode& node = tree_.nodes[id];
    Place inside = Place::kOperand;
    switch (node.kind) {
      case NodeKind::kPath:
        return visit_path(node);
      case NodeKind::kValue:
        return;
      case NodeKind::kCall:
        visit_call(node, place);
        if (node.function == Function::kListAppend || place == Place::kInsideListAppend) {
          inside = Place::kInsideListAppend;
        }
        break;
      case NodeKind::kOr:
      case NodeKind::kAnd:
      case NodeKind::kNot:
        inside = Place::kCondition;
        break;
      default:
        break;
    }
    for (const NodeId child : tree_.children(node)) visit(child, inside);
  }

  void visit_path(const SyntaxNode& node) {
    for (std::size_t i = node.first; i < node.first + node.count; ++i) {
      SyntaxStep& step = tree_.steps[i];
      if (step.kind == SyntaxStep::Kind::kIndex) {
        const auto read = std::from_chars(step.text.data(), step.text.data() + step.text.size(), step.index);
        if (read.ec != std::errc{} || step.index > core::kMaxListIndex) {
          throw_invalid(kind_, "List index is not within the allowable range; index: [" + std::string(step.text) + "]");
        }
      } else if (step.kind == SyntaxStep::Kind::kName && is_reserved_word(step.text)) {
        throw_invalid(kind_, "Attribute name is a reserved keyword; reserved keyword: " + std::string(step.text));
      }
    }
  }

  void visit_call(SyntaxNode& node, Place place) const {
    const auto function = function_from_name(node.text);
    if (!function) throw_function("Invalid function name", node);
    node.function = *function;
    if (kind_ == ExpressionKind::kUpdate) {
      if (!belongs_to_updates(*function)) throw_function("The function is not allowed in an update expression", node);
      // The service refuses nested calls of list_append, while if_not_exists may be nested freely.
      if (*function == Function::kListAppend && place == Place::kInsideListAppend) throw_misplaced(node);
      return;
    }
    if (belongs_to_updates(*function)) throw_function("The function is not allowed in a condition expression", node);
    if ((place == Place::kCondition) == (*function == Function::kSize)) throw_misplaced(node);
  }

  [[noreturn]] void throw_misplaced(const SyntaxNode& node) const {
    throw_function("The function is not allowed to be used this way in an expression", node);
  }
  [[noreturn]] void throw_function(std::string message, const SyntaxNode& node) const {
    throw_invalid(kind_, message.append("; function: ").append(node.text));
  }

  const ExpressionKind kind_;
  SyntaxTree& tree_;
};

}  // namespace

void check_statically(ExpressionKind kind, SyntaxTree& tree) { Checker(kind, tree).check(); }

}  // namespace stator::expression
