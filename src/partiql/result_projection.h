#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "expression/expression.h"
#include "partiql/syntax.h"

namespace stator::partiql {

/// The part of an item that a SELECT returns: each path under its last name, so a.b[1] becomes `b[1]` beside the other
/// attributes.
class ResultProjection {
 public:
  /// Projects `*` if the statement has no projection. Throws as bind_path does.
  explicit ResultProjection(const Statement& statement);

  /// The paths to read; empty: the whole item.
  [[nodiscard]] const std::vector<expression::Path>& paths() const { return paths_; }
  /// Appends the projected item as a JSON object, without paths that the item lacks.
  void append(std::string_view item_json, std::string& out) const;

 private:
  std::vector<expression::Path> paths_;
  std::vector<std::string> names_;
};

}  // namespace stator::partiql
