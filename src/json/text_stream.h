#pragma once

#include <cstddef>
#include <string_view>

namespace stator::json {

/// RapidJSON's input stream concept over a text; handlers can read from `position` how far the reader has come.
struct TextStream {
  using Ch = char;
  std::string_view text;
  std::size_t position = 0;
  [[nodiscard]] char Peek() const { return position < text.size() ? text[position] : '\0'; }
  char Take() { return position < text.size() ? text[position++] : '\0'; }
  [[nodiscard]] std::size_t Tell() const { return position; }
  static char* PutBegin() { return nullptr; }
  static void Put(char) {}
  static void Flush() {}
  static std::size_t PutEnd(char*) { return 0; }
};

}  // namespace stator::json
