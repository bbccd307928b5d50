#pragma once

#include "expression/bindings.h"
#include "expression/expression.h"

namespace stator::expression {

/// The right-hand side of a SET, evaluated against the item as it was.
struct UpdateValue {
  enum class Kind : std::uint8_t { kValue, kPath, kIfNotExists, kListAppend, kPlus, kMinus };
  Kind kind = Kind::kValue;
  SharedValue value;                  // kValue
  Path path;                          // kPath, kIfNotExists
  std::vector<UpdateValue> operands;  // kIfNotExists: the alternative; the others: left, right
};

struct UpdateAction {
  enum class Kind : std::uint8_t { kSet, kRemove, kAdd, kDelete };
  Kind kind = Kind::kSet;
  std::size_t path = 0;  // into UpdateProgram::paths
  UpdateValue value;     // of kAdd and kDelete: always kValue
};

struct UpdateProgram {
  std::vector<Path> paths;  // one an action, in the order written
  std::vector<UpdateAction> actions;
  /// From AttributeUpdates, whose errors have other words and whose ADD takes lists too.
  bool legacy = false;
  /// From a PartiQL statement, whose actions cost nothing beside what they leave in the item.
  bool of_statement = false;
};

}  // namespace stator::expression
