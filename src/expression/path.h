#pragma once

#include <map>
#include <span>

#include "expression/expression.h"
#include "expression/syntax.h"

namespace stator::expression {

/// "[a, b, [1]]", the form of a path in the service's errors.
std::string to_text(const Path& path);

/// Overlap: the paths are equal, or one is a prefix of the other. Conflict: one treats a value as a list and the other
/// treats it as a map.
enum class PathRelation : std::uint8_t { kApart, kOverlap, kConflict };
PathRelation relation(const Path& one, const Path& two);
/// The message for two paths that overlap or conflict.
std::string clash_text(const Path& one, const Path& two);

/// Throws if two of the paths overlap or conflict. As in the service, the error names the pair that was written last.
void check_disjoint(ExpressionKind kind, std::span<const Path> paths);

/// Resolves a path and its #names. Throws if one is undefined, or if the path is longer than 32 steps.
Path bind_path(ExpressionKind kind, const SyntaxTree& tree, const SyntaxNode& node, Bindings& bindings);

/// The value of a :placeholder. Throws if it is undefined.
SharedValue bind_value(ExpressionKind kind, const SyntaxNode& node, Bindings& bindings);

/// Finds values by path in one item, which must not change meanwhile. A large map that is searched repeatedly gets an
/// index, so that many paths into it cost about as much as one.
class PathResolver {
 public:
  explicit PathResolver(const json::Item& item) : item_(item) {}

  /// Returns the value at the path, or null.
  const core::AttributeValue* find(const Path& path) { return find(path, path.steps.size()); }
  /// Returns the value at the first `steps` steps below the path's attribute, or null.
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
