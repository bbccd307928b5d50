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

/// Parses whole JSON texts. Reuses its buffers, so keep one per thread (`Parser::of_this_thread`). A Value lives until
/// the parser's next parse.
class Parser {
 public:
  /// `text` must be followed by `padding_bytes` readable bytes (of any content); if they are fewer than
  /// simdjson::SIMDJSON_PADDING the text is copied first. Throws ApiError SerializationException for anything that is
  /// not JSON; the caller checks that the value is an object. No object in the result has a repeated name
  /// (json/unique_names.h).
  Value parse(std::string_view text, std::size_t padding_bytes = 0);
  /// The same, but names may be repeated: for callers that walk over all members and find repeated names themselves.
  Value parse_with_repeated(std::string_view text, std::size_t padding_bytes = 0);
  /// Returns `root`, the result of the latest parse, without members that a later one of the same name replaces.
  /// Invalidates `root`.
  Value without_repeated(const Value& root);
  static Parser& of_this_thread();

 private:
  simdjson::dom::parser parser_;
  std::string copy_;
};

/// Finds a member and sets `out` to it. Returns false if it is absent or null: the service treats JSON null as absent.
bool find_member(const Object& object, std::string_view name, Value& out);

}  // namespace stator::json
