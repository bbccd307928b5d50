#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "expression/expression.h"
#include "partiql/syntax.h"

namespace stator::partiql {

/// What a SELECT returns of an item: each path under its last name, so that a.b[1] is `b[1]` beside the other
/// attributes.
class ResultProjection {
 public:
  /// `*` where the statement has no projection. Throws what bind_path does.
  explicit ResultProjection(const Statement& statement);

  /// The paths to be read; empty: the whole item.
  [[nodiscard]] const std::vector<expression::Path>& paths() const { return paths_; }
  /// Appends the item as a JSON object, without the paths that it lacks.
  void append(std::string_view item_json, std::string& out) const;

 private:
  std::vector<expression::Path> paths_;
  std::vector<std::string> names_;
};

}  // namespace stator::partiql
