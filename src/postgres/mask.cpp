#include "postgres/mask.h"

#include <cctype>
#include <cstddef>

#include "core/ascii.h"
#include "core/utf8.h"

namespace stator::postgres {
namespace {

constexpr std::string_view kWord = "password";

bool is_space(char byte) { return std::isspace(static_cast<unsigned char>(byte)) != 0; }

bool starts_with_word(std::string_view text) { return core::equals_ignoring_case(text.substr(0, kWord.size()), kWord); }

/// The offset after the closing quote of the quoted value that begins at `at`; '' and \' do not end it.
std::size_t end_of_quoted(std::string_view text, std::size_t at) {
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
    } else if (text[i] == '\'') {
      if (i + 1 < text.size() && text[i + 1] == '\'') {
        ++i;
      } else {
        return i + 1;
      }
    }
  }
  return text.size();
}

/// Appends the masked value that follows the word at `at`; returns the offset after the value.
std::size_t mask_value(std::string_view text, std::size_t at, std::string& out) {
  std::size_t i = at;
  while (i < text.size() && is_space(text[i])) ++i;
  const bool assigned = i < text.size() && text[i] == '=';
  if (assigned) {
    ++i;
    while (i < text.size() && is_space(text[i])) ++i;
  }
  if (i < text.size() && text[i] == '\'') {
    const std::size_t end = end_of_quoted(text, i);
    out += text.substr(at, i + 1 - at);
    if (assigned) {
      out += "***'";
    } else {
      for (std::size_t k = i + 1; k + 1 < end; ++k) {
        if (core::starts_character(text[k])) out += '*';
      }
      out += '\'';
    }
    return end;
  }
  if (!assigned) return at;
  out += text.substr(at, i - at);
  out += "***";
  while (i < text.size() && !is_space(text[i]) && text[i] != '&' && text[i] != '"') ++i;
  return i;
}

/// After "://": appends `user:` and masks the rest up to the last '@' before white space. The last, as a password may
/// contain a '/' or '@' that somebody forgot to encode.
std::size_t mask_authority(std::string_view text, std::size_t at, std::string& out) {
  std::size_t end = at;
  std::size_t last_at = std::string_view::npos;
  while (end < text.size() && !is_space(text[end])) {
    if (text[end] == '@') last_at = end;
    ++end;
  }
  if (last_at == std::string_view::npos) return at;
  const std::size_t colon = text.find(':', at);
  if (colon == std::string_view::npos || colon > last_at) return at;
  out += text.substr(at, colon + 1 - at);
  out += "***";
  return last_at;
}

}  // namespace

std::string mask_passwords(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t i = 0;
  while (i < text.size()) {
    if (text.substr(i, 3) == "://") {
      out += "://";
      i = mask_authority(text, i + 3, out);
    } else if (starts_with_word(text.substr(i))) {
      out += text.substr(i, kWord.size());
      i = mask_value(text, i + kWord.size(), out);
    } else {
      out += text[i++];
    }
  }
  return out;
}

}  // namespace stator::postgres
