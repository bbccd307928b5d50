#include "api/tags.h"

#include <algorithm>

#include "api/members.h"
#include "core/api_error.h"

namespace stator::api {

namespace {

constexpr std::size_t kMaxTags = 50;

/// Letters, digits, white space and + - = . _ : / @; everything beyond ASCII is taken as a letter.
bool is_tag_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) return true;
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           std::string_view(" +-=._:/@").find(c) != std::string_view::npos;
  });
}

[[noreturn]] void throw_too_many() {
  core::throw_validation("One or more parameter values were invalid: Too many tags: a resource can have at most 50");
}

}  // namespace

void merge_tags(const json::Array& request, Tags& tags) {
  // Counted first: more than this have either too many keys, or one twice.
  if (request.size() > kMaxTags) throw_too_many();
  std::vector<std::string> seen;
  for (const auto element : request) {
    const Members tag(element.get_object());
    std::string key(tag.text("Key").value_or(std::string_view{}));
    std::string value(tag.text("Value").value_or(std::string_view{}));
    if (!is_tag_text(key) || !is_tag_text(value)) {
      core::throw_validation(
          "One or more parameter values were invalid: Tag keys and values can only contain letters, "
          "white space, digits and the characters + - = . _ : / @");
    }
    if (std::ranges::find(seen, key) != seen.end()) {
      core::throw_validation("One or more parameter values were invalid: Duplicate tag key: " + key);
    }
    seen.push_back(key);
    const auto found = std::ranges::find(tags, key, &Tags::value_type::first);
    if (found != tags.end()) {
      found->second = std::move(value);
    } else {
      tags.emplace_back(std::move(key), std::move(value));
    }
  }
  if (tags.size() > kMaxTags) throw_too_many();
}

}  // namespace stator::api
