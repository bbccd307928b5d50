#pragma once

#include <map>
#include <span>

#include "expression/expression.h"
#include "expression/syntax.h"

namespace stator::expression {

/// "[a, b, [1]]", as the service writes a path in its errors.
std::string to_text(const Path& path);

/// Overlap: one is the other, or leads to it. Conflict: one treats a value as a list that the other treats as a map.
enum class PathRelation : std::uint8_t { kApart, kOverlap, kConflict };
PathRelation relation(const Path& one, const Path& two);
/// What is wrong with two paths that are not apart.
std::string clash_text(const Path& one, const Path& two);

/// Throws where two of the paths overlap or conflict. As in the service, the pair that was written last is the one
/// reported.
void check_disjoint(ExpressionKind kind, std::span<const Path> paths);

/// A path with its #names looked up. Throws where one is not defined, or where the path is longer than 32 steps.
Path bind_path(ExpressionKind kind, const SyntaxTree& tree, const SyntaxNode& node, Bindings& bindings);

/// The value of a :placeholder. Throws where it is not defined.
SharedValue bind_value(ExpressionKind kind, const SyntaxNode& node, Bindings& bindings);

/// Finds values by path in one item that does not change meanwhile. A large map that is searched again and again gets
/// an index, so that many paths into it cost about as much as one.
class PathResolver {
 public:
  explicit PathResolver(const json::Item& item) : item_(item) {}

  /// The value at the path, or null.
  const core::AttributeValue* find(const Path& path) { return find(path, path.steps.size()); }
  /// The value at the first `steps` steps below the path's attribute, or null.
  const core::AttributeValue* find(const Path& path, std::size_t steps);

 private:
  using Map = core::AttributeValue::Map;
  struct MapIndex {
    std::size_t searches = 0;
    std::vector<const core::MapMember*> by_name;
  };

  const core::AttributeValue* step(const core::AttributeValue& value, const PathStep& step);
  const core::AttributeValue* member(const Map& map, std::string_view name);

  const json::Item& item_;
  std::map<const Map*, MapIndex> indexes_;
};

}  // namespace stator::expression
