#pragma once

#include <string>

#include "json/reader.h"

/// The rule for a name that occurs twice in one JSON object, at any depth: the last one counts, as if the earlier ones
/// had never been written. So `{"Item":{…},"Item":null}` has no Item. The rule is applied once, before anything is
/// read: by Parser::parse or, for requests, by the walk over their shape (api/shape.h); later code never sees a
/// repeated name. (RFC 8259 leaves this open; JavaScript, Python and Java's parsers take the last one.)
namespace stator::json {

/// Whether any object in `root` has a repeated name. Takes n log n time in the size of the text at worst; for small
/// objects one pass over their members.
bool has_repeated_name(const Value& root);

/// Whether this object has a repeated name; objects inside it are not checked.
bool repeats_name(const Object& object);

/// Appends `root` as JSON text, without members that a later one of the same name replaces.
void append_without_repeated(const Value& root, std::string& out);

}  // namespace stator::json
