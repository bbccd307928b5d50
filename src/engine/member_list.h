#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "engine/json_row.h"

/// Rows of the catalog that are one flat JSON object. One function lists the members for reading and for writing:
/// `members(info, visit)` calls `visit(name, member)` for each text, whole number, flag, list of texts and map of whole
/// numbers, and `visit(name, member, last)` for each enum, in the order in which they are written.
namespace stator::engine {

class MemberWriter {
 public:
  explicit MemberWriter(ObjectOut& out) : out_(out) {}

  void operator()(std::string_view name, const std::string& text) const { out_.put(name, std::string_view(text)); }
  void operator()(std::string_view name, bool flag) const { out_.put(name, flag); }
  void operator()(std::string_view name, const std::vector<std::string>& texts) const {
    json::Writer& list = out_.key(name);
    list.StartArray();
    for (const std::string& text : texts) ObjectOut::put_text(list, text);
    list.EndArray();
  }
  void operator()(std::string_view name, const std::map<std::string, std::uint64_t>& numbers) const {
    ObjectOut object = out_.object(name);
    for (const auto& [key, number] : numbers) object.put(key, static_cast<std::int64_t>(number));
    object.end();
  }
  template <class Number>
  void operator()(std::string_view name, const Number& number) const {
    out_.put(name, static_cast<std::int64_t>(number));
  }
  template <class Enum>
  void operator()(std::string_view name, const Enum& value, Enum /*last*/) const {
    out_.put(name, static_cast<std::int64_t>(value));
  }

 private:
  ObjectOut& out_;
};

class MemberReader {
 public:
  explicit MemberReader(ObjectIn& in) : in_(in) {}

  void operator()(std::string_view name, std::string& text) const { in_.get(name, text); }
  void operator()(std::string_view name, bool& flag) const { in_.get(name, flag); }
  void operator()(std::string_view name, std::vector<std::string>& texts) const {
    in_.for_each(name, [&](const json::Value& value) { texts.push_back(ObjectIn::text(value)); });
  }
  void operator()(std::string_view name, std::map<std::string, std::uint64_t>& numbers) const {
    json::Value value;
    if (!in_.find(name, value)) return;
    json::Object object;
    if (value.get(object) != simdjson::SUCCESS) throw std::runtime_error("an object was expected");
    for (const auto [key, number] : object) {
      if (number.get(numbers[std::string(key)]) != simdjson::SUCCESS) throw std::runtime_error("a number was expected");
    }
  }
  template <class Number>
  void operator()(std::string_view name, Number& number) const {
    std::int64_t read = 0;
    in_.get(name, read);
    number = static_cast<Number>(read);
  }
  template <class Enum>
  void operator()(std::string_view name, Enum& value, Enum last) const {
    in_.get_enum(name, value, last);
  }

 private:
  ObjectIn& in_;
};

template <class Info, class Members>
std::string members_to_json(const Info& info, Members members) {
  std::string text;
  json::StringSink sink(text);
  json::Writer writer(sink);
  const UnknownMembers none;
  ObjectOut out(writer, none, "");
  members(info, MemberWriter(out));
  out.end();
  return text;
}

/// Throws std::runtime_error if a member has the wrong type or an enum's value is unknown.
template <class Info, class Members>
Info members_from_json(std::string_view text, Members members) {
  json::Parser parser;
  ObjectIn in(parser.parse(text));
  Info info;
  members(info, MemberReader(in));
  return info;
}

}  // namespace stator::engine
