#include "server/request_head.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>

#include "core/ascii.h"
#include "server/web_rules.h"

namespace stator::server {
namespace {

// RFC 9110 "token": the characters of methods and field names.
constexpr std::array<bool, 256> kTokenCharacters = [] {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (const char c : {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'}) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();

bool is_token(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (!kTokenCharacters[static_cast<unsigned char>(c)]) return false;
  }
  return true;
}

constexpr std::uint64_t kOnes = 0x0101010101010101U;
constexpr std::uint64_t kHighBits = 0x8080808080808080U;

std::uint64_t word_at(const char* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

/// Whether a byte of the word is below 0x20, or is 0x7f. Also true for a tab, which is allowed.
bool may_have_control_character(std::uint64_t word) {
  const std::uint64_t flipped = word ^ kOnes * 0x7f;
  return (((word - kOnes * 0x20) & ~word) | ((flipped - kOnes) & ~flipped)) & kHighBits;
}

bool has_control_character(std::string_view text) {
  std::size_t at = 0;
  while (at + sizeof(std::uint64_t) <= text.size() && !may_have_control_character(word_at(text.data() + at))) {
    at += sizeof(std::uint64_t);
  }
  for (; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f) return true;
  }
  return false;
}

/// Whether a token equals `name` in any case; `name` must consist of lower-case letters, digits and hyphens. Of all
/// token characters, only letters turn into one of these when bit 0x20 is set.
bool is_name(std::string_view token, std::string_view name) {
  if (token.size() != name.size()) return false;
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  if (name.size() < kWord) return core::equals_ignoring_case(token, name);
  const auto differs = [&](std::size_t at) {
    return (word_at(token.data() + at) | kOnes * 0x20) != word_at(name.data() + at);
  };
  for (std::size_t at = 0; at + kWord < name.size(); at += kWord) {
    if (differs(at)) return false;
  }
  return !differs(name.size() - kWord);
}

/// Whether the comma-separated list contains the word.
bool list_contains(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (core::equals_ignoring_case(trimmed(list.substr(0, comma)), word)) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

struct Framing {
  std::string_view transfer_encoding;
  bool close = false;
  bool keep_alive = false;
};

void set_once(std::string_view& member, std::string_view value) {
  if (member.data() == nullptr) member = value;
}

HeadStatus set_content_length(RequestHead& head, std::string_view value) {
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
  if (error != std::errc() || end != value.data() + value.size()) return HeadStatus::kMalformed;
  if (head.content_length && *head.content_length != length) return HeadStatus::kMalformed;
  head.content_length = length;
  return HeadStatus::kComplete;
}

/// Switches on the length first: most of the dozen fields of a request differ in it.
HeadStatus take_field(RequestHead& head, Framing& framing, std::string_view name, std::string_view value) {
  const auto is = [name](std::string_view wanted) { return is_name(name, wanted); };
  switch (name.size()) {
    case 4:
      if (is("host")) {
        // With two Host fields, two parsers could choose different ones (RFC 9112 3.2).
        if (head.host.data() != nullptr || !host_name(value)) return HeadStatus::kMalformed;
        head.host = value;
      }
      if (is("date")) set_once(head.date, value);
      break;
    case 6:
      if (is("origin")) set_once(head.origin, value);
      if (is("expect")) {
        if (!core::equals_ignoring_case(value, "100-continue")) return HeadStatus::kExpectationFailed;
        head.expect_continue = true;
      }
      break;
    case 10:
      if (is("x-amz-date")) set_once(head.amz_date, value);
      if (is("connection")) {
        if (list_contains(value, "close")) framing.close = true;
        if (list_contains(value, "keep-alive")) framing.keep_alive = true;
      }
      break;
    case 12:
      if (is("content-type")) set_once(head.content_type, value);
      if (is("x-amz-target")) set_once(head.amz_target, value);
      break;
    case 13:
      if (is("authorization")) set_once(head.authorization, value);
      break;
    case 14:
      if (is("content-length")) return set_content_length(head, value);
      break;
    case 15:
      if (is("accept-encoding")) set_once(head.accept_encoding, value);
      if (is("x-amzn-trace-id")) set_once(head.trace, value);
      break;
    case 16:
      if (is("content-encoding")) set_once(head.content_encoding, value);
      break;
    case 17:
      if (is("transfer-encoding")) {
        if (framing.transfer_encoding.data() != nullptr) return HeadStatus::kMalformed;
        framing.transfer_encoding = value;
      }
      break;
    case 29:
      if (is("access-control-request-method")) set_once(head.access_control_request_method, value);
      break;
    case 30:
      if (is("access-control-request-headers")) set_once(head.access_control_request_headers, value);
      break;
    default:
      break;
  }
  return HeadStatus::kComplete;
}

HeadStatus parse_request_line(std::string_view line, RequestHead& head) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || last == first) return HeadStatus::kMalformed;
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(head.method) || head.target.empty()) return HeadStatus::kMalformed;
  if (head.target.find_first_of(" \t") != std::string_view::npos || has_control_character(head.target)) {
    return HeadStatus::kMalformed;
  }
  if (version.size() != 8 || !version.starts_with("HTTP/")) return HeadStatus::kMalformed;
  if (version == "HTTP/1.0") {
    head.http_1_0 = true;
  } else if (!version.starts_with("HTTP/1.")) {
    return HeadStatus::kVersionNotSupported;
  }
  // Absolute form, as sent to proxies: "http://host:port/path".
  if (head.target.front() != '/' && head.target != "*") {
    const std::size_t scheme = head.target.find("://");
    if (scheme == std::string_view::npos) return HeadStatus::kMalformed;
    const std::size_t slash = head.target.find('/', scheme + 3);
    head.authority = head.target.substr(scheme + 3, slash == std::string_view::npos ? slash : slash - scheme - 3);
    if (!host_name(head.authority)) return HeadStatus::kMalformed;
    head.target = slash == std::string_view::npos ? std::string_view("/") : head.target.substr(slash);
  }
  return HeadStatus::kComplete;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

HeadStatus parse_head(std::string_view bytes, std::size_t max_bytes, RequestHead& head) {
  head = RequestHead();
  Framing framing;
  const char* const begin = bytes.data();
  const char* const end = begin + bytes.size();
  const char* line = begin;
  const char* fields_begin = nullptr;
  while (true) {
    const std::size_t rest = static_cast<std::size_t>(end - line);
    const char* const newline = rest == 0 ? nullptr : static_cast<const char*>(std::memchr(line, '\n', rest));
    const char* const line_end = newline == nullptr ? end : newline;
    if (static_cast<std::size_t>(line_end - begin) >= max_bytes) return HeadStatus::kTooLarge;
    if (newline == nullptr) {
      // Refuse bytes that cannot start a request line at once, not at the timeout because no line break comes.
      if (fields_begin == nullptr && rest > 0 && line == begin && *line != '\r' &&
          !kTokenCharacters[static_cast<unsigned char>(*line)]) {
        return HeadStatus::kMalformed;
      }
      return HeadStatus::kIncomplete;
    }
    if (newline == line || newline[-1] != '\r') return HeadStatus::kMalformed;
    const std::string_view text(line, static_cast<std::size_t>(newline - line) - 1);
    line = newline + 1;
    if (fields_begin == nullptr) {
      // RFC 9112 2.2: empty lines before the request line are skipped.
      if (text.empty()) continue;
      if (const HeadStatus status = parse_request_line(text, head); status != HeadStatus::kComplete) return status;
      fields_begin = line;
      continue;
    }
    if (text.empty()) break;
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return HeadStatus::kMalformed;
    const std::string_view name = text.substr(0, colon);
    const std::string_view value = trimmed(text.substr(colon + 1));
    if (!is_token(name) || has_control_character(value)) return HeadStatus::kMalformed;
    if (const HeadStatus status = take_field(head, framing, name, value); status != HeadStatus::kComplete) {
      return status;
    }
  }
  head.size_bytes = static_cast<std::size_t>(line - begin);
  head.fields = std::string_view(fields_begin, static_cast<std::size_t>(line - 2 - fields_begin));
  head.keep_alive = !framing.close && (!head.http_1_0 || framing.keep_alive);
  if (head.http_1_0) head.expect_continue = false;
  if (!head.http_1_0 && head.host.data() == nullptr) return HeadStatus::kMalformed;
  if (framing.transfer_encoding.data() != nullptr) {
    if (head.content_length || head.http_1_0) return HeadStatus::kMalformed;
    if (!core::equals_ignoring_case(framing.transfer_encoding, "chunked")) return HeadStatus::kNotImplemented;
    head.chunked = true;
  }
  return HeadStatus::kComplete;
}

}  // namespace stator::server
