#include "expression/syntax.h"
#include "expression/text_cache.h"

namespace stator::expression {

SharedSyntax parse_cached(ExpressionKind kind, std::string_view text) {
  static TextCache<SyntaxTree> cache;
  const auto kind_number = static_cast<std::size_t>(kind);
  if (SharedSyntax tree = cache.find(kind_number, text)) return tree;
  SharedSyntax tree = parse(kind, text);
  cache.insert(kind_number, tree);
  return tree;
}

}  // namespace stator::expression
