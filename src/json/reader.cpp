#include "json/reader.h"

#include <cstring>

#include "core/api_error.h"
#include "json/unique_names.h"

namespace stator::json {
namespace {

/// A parser that has grown beyond this frees its buffers when the next text is not large.
constexpr std::size_t kLargeTextBytes = std::size_t{1} << 20;

/// Deepest JSON nesting that is accepted. An attribute value of 32 levels takes 64, its request a few more.
constexpr std::size_t kMaxJsonDepth = 512;

/// Position of the first backslash at or after `from`.
std::size_t next_backslash(std::string_view text, std::size_t from) {
  const void* found = from < text.size() ? std::memchr(text.data() + from, '\\', text.size() - from) : nullptr;
  return found == nullptr ? std::string_view::npos
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

/// simdjson accepts "\udc00" without its high half and turns it into bytes that are not UTF-8, which must not be
/// stored.
bool has_lone_low_surrogate(std::string_view text) {
  const auto is_surrogate = [&](std::size_t at, std::string_view third) {
    return at + 6 <= text.size() && text[at] == '\\' && text[at + 1] == 'u' && (text[at + 2] | 0x20) == 'd' &&
           third.find(static_cast<char>(text[at + 3] | 0x20)) != std::string_view::npos;
  };
  for (std::size_t at = next_backslash(text, 0); at != std::string_view::npos;) {
    if (is_surrogate(at, "cdef")) {
      return true;
    }
    // Skips a pair as a whole: simdjson has checked what follows a high half.
    at = next_backslash(text, at + (is_surrogate(at, "89ab") ? 12 : 2));
  }
  return false;
}

}  // namespace

Value Parser::parse(std::string_view text, std::size_t padding_bytes) {
  const Value root = parse_with_repeated(text, padding_bytes);
  return has_repeated_name(root) ? without_repeated(root) : root;
}

Value Parser::parse_with_repeated(std::string_view text, std::size_t padding_bytes) {
  if (parser_.capacity() > kLargeTextBytes && text.size() <= kLargeTextBytes) {
    parser_ = simdjson::dom::parser();
    copy_ = std::string();
  }
  if (padding_bytes < simdjson::SIMDJSON_PADDING) {
    copy_.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    copy_.assign(text);
    copy_.append(simdjson::SIMDJSON_PADDING, ' ');
    text = std::string_view(copy_).substr(0, text.size());
  }
  if (parser_.max_depth() != kMaxJsonDepth &&
      parser_.allocate(parser_.capacity(), kMaxJsonDepth) != simdjson::SUCCESS) {
    throw std::bad_alloc();
  }
  Value root;
  const simdjson::error_code error = parser_.parse(text.data(), text.size(), false).get(root);
  if (error != simdjson::SUCCESS || has_lone_low_surrogate(text)) {
    core::throw_serialization("");
  }
  return root;
}

Value Parser::without_repeated(const Value& root) {
  std::string unique;
  append_without_repeated(root, unique);
  Value settled;
  if (parser_.parse(unique).get(settled) != simdjson::SUCCESS) {
    core::throw_serialization("");
  }
  return settled;
}

Parser& Parser::of_this_thread() {
  thread_local Parser parser;
  return parser;
}

bool find_member(const Object& object, std::string_view name, Value& out) {
  for (const auto [key, value] : object) {
    if (key == name) {
      out = value;
      return !value.is_null();
    }
  }
  return false;
}

}  // namespace stator::json
