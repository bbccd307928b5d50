#pragma once

#include "expression/bindings.h"
#include "expression/expression.h"

namespace stator::expression {

/// The right-hand side of a SET, evaluated on the item before the update.
struct UpdateValue {
  enum class Kind : std::uint8_t { kValue, kPath, kIfNotExists, kListAppend, kPlus, kMinus };
  Kind kind = Kind::kValue;
  SharedValue value;                  // kValue
  Path path;                          // kPath, kIfNotExists
  std::vector<UpdateValue> operands;  // kIfNotExists: the alternative; others: left, right
};

struct UpdateAction {
  enum class Kind : std::uint8_t { kSet, kRemove, kAdd, kDelete };
  Kind kind = Kind::kSet;
  std::size_t path = 0;  // index in UpdateProgram::paths
  UpdateValue value;     // kAdd and kDelete: always kValue
};

struct UpdateProgram {
  std::vector<Path> paths;  // one per action, in the order written
  std::vector<UpdateAction> actions;
  /// Comes from AttributeUpdates, whose errors have different words and whose ADD also takes lists.
  bool legacy = false;
  /// Comes from a PartiQL statement, whose size is not added to that of the item.
  bool of_statement = false;
};

}  // namespace stator::expression
