#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "json/reader.h"

/// Items as plain JSON, without loss. The rules, which docs/cli.md ("Items as JSON") states for users:
///
///   S, N, BOOL, NULL, L, M   string, number, true or false, null, array, object
///   B                        {"$B": "base64"}
///   SS, NS, BS               {"$SS": ["a"]}, {"$NS": [1]}, {"$BS": ["base64"]}
///   N that JSON cannot hold  {"$N": "text"}
///   M that looks like these  {"$M": {"$B": "not a binary"}}: one member that has one of the names above
///
/// Numbers never pass through floating point. An item itself is an object of attributes and never one of these forms.
namespace stator::toolkit {

/// Text that is not such JSON. The message is one line: "column 12: …", or "line 3, column 12: …" if the text has
/// several.
struct PlainJsonError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Appends the plain form of an attribute value in wire form ({"S":"a"}). Throws std::runtime_error for an unknown
/// type.
void append_plain_value(const json::Value& wire, std::string& out);
/// Appends the plain form of an item in wire form.
void append_plain_item(const json::Object& wire, std::string& out);

/// Converts plain JSON to wire JSON with numbers in canonical form. Throws PlainJsonError for invalid JSON, a duplicate
/// name, a number that DynamoDB cannot hold, or one of the forms above with wrong content.
std::string wire_item(std::string_view plain_item);
std::string wire_value(std::string_view plain_value);

/// The value that a word on the command line means: its JSON value if it begins like JSON (a number, true, false, null,
/// a quote, a bracket), else the word itself as a string. Throws PlainJsonError for invalid JSON.
std::string wire_value_of_word(std::string_view word);

}  // namespace stator::toolkit
