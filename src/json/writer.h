#pragma once

#include <rapidjson/writer.h>

#include <string>
#include <string_view>

#include "core/attribute_value.h"

/// Writing JSON.
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

/// Appends `text` as a JSON string with its quotes, escaping only what JSON demands.
void append_string(std::string_view text, std::string& out);
/// Appends the wire form: {"S":"…"}. Numbers canonical, binary as base64.
void append_value(const core::AttributeValue& value, std::string& out);

/// Re-indents JSON text with two spaces a level; `sort_keys` orders members by name (code points), as Python's
/// json.dumps(…, sort_keys=True, indent=2) does, which is also how non-ASCII text is escaped then. Numbers keep their
/// text. Throws ApiError SerializationException where the text is no JSON.
std::string pretty(std::string_view text, bool sort_keys);

}  // namespace stator::json
