#include "json/members.h"

#include <algorithm>

#include "json/object_writer.h"

namespace stator::json {

std::string members_without(const Object& object, std::initializer_list<std::string_view> without) {
  std::string out;
  ObjectWriter writer(out);
  for (const auto& [key, value] : object) {
    const std::string_view name = key;
    if (std::ranges::find(without, name) == without.end()) writer.member(name) += simdjson::minify(value);
  }
  if (!out.empty()) out.erase(0, 1);
  return out;
}

std::string text_member(const Object& object, std::string_view name) {
  Value value;
  std::string_view text;
  if (!find_member(object, name, value) || value.get(text) != simdjson::SUCCESS) return {};
  return std::string(text);
}

}  // namespace stator::json
