#pragma once

#include <rapidjson/writer.h>

#include <string>
#include <string_view>

#include "core/attribute_value.h"

/// Writes JSON.
namespace stator::json {

/// RapidJSON's output stream concept over a std::string: appends.
class StringSink {
 public:
  using Ch = char;
  explicit StringSink(std::string& out) : out_(out) {}
  void Put(char c) { out_.push_back(c); }
  void Flush() {}

 private:
  std::string& out_;
};

using Writer = rapidjson::Writer<StringSink>;

/// Appends `text` as a JSON string with quotes, escaping only what JSON requires.
void append_string(std::string_view text, std::string& out);
/// Appends the wire form: {"S":"…"}. Numbers are canonical, binary is base64.
void append_value(const core::AttributeValue& value, std::string& out);

/// Reformats JSON text with an indent of two spaces per level. `sort_keys` sorts members by name (code points) and
/// escapes non-ASCII text, as Python's json.dumps(…, sort_keys=True, indent=2) does. Numbers keep their text. Throws
/// ApiError SerializationException if the text is not JSON.
std::string pretty(std::string_view text, bool sort_keys);

}  // namespace stator::json
