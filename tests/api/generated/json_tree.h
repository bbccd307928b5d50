#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stator::api::generated {

/// JSON that may be invalid on purpose: objects may name a member twice, scalars are copied verbatim.
struct JsonTree {
  struct Member;
  enum class Kind : std::uint8_t { kText, kObject, kArray };

  /// Throws std::runtime_error if `json` is not JSON.
  static JsonTree parse(std::string_view json);
  /// `text` is copied into the request: `"a"`, `12`, or many megabytes of anything.
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
