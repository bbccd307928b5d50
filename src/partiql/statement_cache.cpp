#include "expression/text_cache.h"
#include "partiql/syntax.h"

namespace stator::partiql {

SharedStatement parse_cached(std::string_view text) {
  static expression::TextCache<Statement> cache;
  if (SharedStatement statement = cache.find(0, text)) return statement;
  SharedStatement statement = parse(text);
  cache.insert(0, statement);
  return statement;
}

}  // namespace stator::partiql
