#include "expression/update_program.h"

/// Properties of an update that do not depend on an item.
namespace stator::expression {

using core::AttributeType;

namespace {

void append_nested(const UpdateValue& value, std::vector<std::string>& names) {
  if (!value.path.steps.empty()) names.push_back(value.path.attribute);
  for (const UpdateValue& operand : value.operands) append_nested(operand, names);
}

}  // namespace

std::optional<AttributeType> Update::known_type(std::size_t index) const {
  for (const UpdateAction& action : program_->actions) {
    if (action.path != index) continue;
    if (action.kind != UpdateAction::Kind::kSet && action.kind != UpdateAction::Kind::kAdd) return std::nullopt;
    switch (action.value.kind) {
      case UpdateValue::Kind::kValue:
        return action.value.value->type();
      case UpdateValue::Kind::kPlus:
      case UpdateValue::Kind::kMinus:
        return AttributeType::kNumber;
      case UpdateValue::Kind::kListAppend:
        return AttributeType::kList;
      case UpdateValue::Kind::kPath:
      case UpdateValue::Kind::kIfNotExists:
        return std::nullopt;
    }
  }
  return std::nullopt;
}

void Update::append_nested_attributes(std::vector<std::string>& names) const {
  for (const Path& path : program_->paths) {
    if (!path.steps.empty()) names.push_back(path.attribute);
  }
  for (const UpdateAction& action : program_->actions) append_nested(action.value, names);
}

}  // namespace stator::expression
