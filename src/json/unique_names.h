#pragma once

#include <string>

#include "json/reader.h"

/// The rule for a name that occurs twice in one JSON object, at any depth: the last one counts, and the request means
/// the same as if the earlier ones had never been written. So `{"Item":{…},"Item":null}` has no Item. The rule is
/// applied once, by Parser::parse or, for requests, by the walk over their shape (api/shape.h), before anything is
/// read; later code never sees a repeated name. (RFC 8259 leaves it open; the last one is what JavaScript, Python and
/// Java's parsers take.)
namespace stator::json {

/// Whether any object in `root` has a name twice. Takes n log n in the size of the text at worst; for small objects one
/// pass over their members.
bool has_repeated_name(const Value& root);

/// Whether this one object has a name twice; objects inside it are not checked.
bool repeats_name(const Object& object);

/// Appends `root` as JSON text without the members that a later one of the same name replaces.
void append_without_repeated(const Value& root, std::string& out);

}  // namespace stator::json
