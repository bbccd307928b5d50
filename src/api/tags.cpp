#include "api/tags.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "api/members.h"
#include "api/shape_rules.h"
#include "core/api_error.h"
#include "core/ascii.h"
#include "core/utf8.h"

namespace stator::api {

namespace {

constexpr std::size_t kMaxTags = 50;
constexpr std::int64_t kMaxKeyLength = 128;
constexpr std::int64_t kMaxValueLength = 256;
constexpr std::size_t kMaxBytes = 10'240;

struct CodePoints {
  char32_t first;
  char32_t last;
};

/// Blocks beyond ASCII without letters, digits and spaces, in order. Characters in none of them count as letters.
constexpr std::array kSymbols = {
    CodePoints{0x80, 0x9F},      CodePoints{0xA1, 0xA9},       CodePoints{0xAB, 0xB1},
    CodePoints{0xB4, 0xB4},      CodePoints{0xB6, 0xB8},       CodePoints{0xBB, 0xBB},
    CodePoints{0xBF, 0xBF},      CodePoints{0xD7, 0xD7},       CodePoints{0xF7, 0xF7},
    CodePoints{0x200B, 0x2027},  CodePoints{0x202A, 0x202E},   CodePoints{0x2030, 0x205E},
    CodePoints{0x2060, 0x206F},  CodePoints{0x20A0, 0x20FF},   CodePoints{0x2190, 0x245F},
    CodePoints{0x249C, 0x24E9},  CodePoints{0x2500, 0x2775},   CodePoints{0x2794, 0x2BFF},
    CodePoints{0x3001, 0x3004},  CodePoints{0x3008, 0x3020},   CodePoints{0xE000, 0xF8FF},
    CodePoints{0xFE00, 0xFE6F},  CodePoints{0xFF01, 0xFF0F},   CodePoints{0xFF1A, 0xFF20},
    CodePoints{0xFFFD, 0xFFFD},  CodePoints{0x1F000, 0x1F0FF}, CodePoints{0x1F10D, 0x1FBEF},
    CodePoints{0xE0000, 0xE0FFF}};

bool is_tag_character(char32_t c) {
  if (c < 0x80) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(" +-=._:/@").find(static_cast<char>(c)) != std::string_view::npos;
  }
  const auto block = std::ranges::lower_bound(kSymbols, c, {}, &CodePoints::last);
  return block == kSymbols.end() || c < block->first;
}

bool is_tag_text(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (!is_tag_character(core::next_code_point(text, at))) return false;
  }
  return true;
}

[[noreturn]] void throw_too_many() {
  core::throw_validation("Number of Tags exceed the current limit for the provided ResourceArn");
}

void check_size(const Tags& tags) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : tags) bytes += key.size() + value.size();
  if (bytes <= kMaxBytes) return;
  core::throw_validation("Tag set size " + std::to_string(bytes) + " bytes is above max size limit of " +
                         std::to_string(kMaxBytes) + " bytes");
}

std::string_view checked_key(const std::optional<std::string_view>& key) {
  if (!key || key->empty() || java_length(*key) > kMaxKeyLength || !is_tag_text(*key)) {
    core::throw_validation("The Tag Key provided is invalid, Key: " + std::string(key.value_or("null")));
  }
  constexpr std::string_view kReserved = "aws:";
  if (core::equals_ignoring_case(key->substr(0, kReserved.size()), kReserved)) {
    core::throw_validation("Tag Key cannot be prefixed with aws:, Key: " + std::string(*key));
  }
  return *key;
}

std::string_view checked_value(const std::optional<std::string_view>& value) {
  if (value && java_length(*value) <= kMaxValueLength && is_tag_text(*value)) return *value;
  core::throw_validation("The Tag Value provided is invalid, Value: " + std::string(value.value_or("null")));
}

}  // namespace

void merge_tags(const json::Array& request, Tags& tags) {
  if (request.size() > kMaxTags) throw_too_many();
  Tags given;
  for (const auto element : request) {
    const Members tag(element.get_object());
    const std::string_view key = checked_key(tag.text("Key"));
    given.emplace_back(key, checked_value(tag.text("Value")));
  }
  std::set<std::string_view> seen;
  for (const auto& [key, value] : given) {
    if (seen.insert(key).second) continue;
    core::throw_validation("Duplicate Tag Keys provided as input: Duplicate Tag Key found " + key);
  }
  Tags merged = tags;
  for (auto& [key, value] : given) {
    const auto found = std::ranges::find(merged, key, &Tags::value_type::first);
    if (found != merged.end()) {
      found->second = std::move(value);
    } else {
      merged.emplace_back(std::move(key), std::move(value));
    }
  }
  if (merged.size() > kMaxTags) throw_too_many();
  check_size(merged);
  tags = std::move(merged);
}

void check_tag_keys(const json::Array& keys) {
  if (keys.size() > kMaxTags) throw_too_many();
  for (const auto key : keys) (void)checked_key(std::string_view(key));
}

}  // namespace stator::api
