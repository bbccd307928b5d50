#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stator::api::generated {

/// JSON that may be wrong on purpose: objects may name a member twice, scalars are text that is copied as it stands.
struct JsonTree {
  struct Member;
  enum class Kind : std::uint8_t { kText, kObject, kArray };

  /// Throws std::runtime_error where `json` is not JSON.
  static JsonTree parse(std::string_view json);
  /// `text` is what will stand in the request: `"a"`, `12`, or many megabytes of anything.
  static JsonTree raw(std::string text);

  [[nodiscard]] std::string text_of() const;

  Kind kind = Kind::kText;
  std::string text;
  std::vector<Member> members;
  std::vector<JsonTree> elements;
};

struct JsonTree::Member {
  std::string name;
  JsonTree value;
};

}  // namespace stator::api::generated
