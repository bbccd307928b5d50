#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "core/attribute_value.h"

/// Reading JSON: request bodies and stored items.
namespace stator::json {

using Value = simdjson::dom::element;
using Object = simdjson::dom::object;
using Array = simdjson::dom::array;

/// Reads whole JSON texts. Keeps its buffers from one text to the next, so keep one per thread
/// (`Parser::of_this_thread`). A Value lives until the parser's next parse.
class Parser {
 public:
  /// `padding_bytes` readable bytes must follow `text` (their content does not matter); with fewer than
  /// simdjson::SIMDJSON_PADDING the text is copied first. Throws ApiError SerializationException on anything that
  /// is not JSON; the caller checks that the value is an object. No object of the result has a name twice
  /// (json/unique_names.h).
  Value parse(std::string_view text, std::size_t padding_bytes = 0);
  /// The same, but names may occur twice: for a caller that walks over all members and finds repeated names itself.
  Value parse_with_repeated(std::string_view text, std::size_t padding_bytes = 0);
  /// `root`, of the latest parse, without members that a later one of the same name replaces. Invalidates `root`.
  Value without_repeated(const Value& root);
  static Parser& of_this_thread();

 private:
  simdjson::dom::parser parser_;
  std::string copy_;
};

/// Finds a member and sets `out` to it. Returns false if it is absent or null: JSON null counts as absent, as in the
/// service.
bool find_member(const Object& object, std::string_view name, Value& out);

}  // namespace stator::json
