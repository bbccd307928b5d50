#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/attribute_value.h"

/// Reads canonical wire JSON that Stator stored. Checks only what is needed not to read past the end of a damaged text:
/// then throws core::DamageError.
namespace stator::json {

class StoredReader {
 public:
  explicit StoredReader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] std::size_t position() const { return at_; }
  /// Skips `c`, which must be next.
  void expect(char c);
  /// Skips `c` if it is next; returns whether it was.
  bool accept(char c);
  /// Reads a string; returns it with its escapes, without its quotes.
  std::string_view raw_string();
  /// The stored text of one attribute value: {"S":"a"}.
  std::string_view raw_value();
  core::AttributeValue value();
  /// The DynamoDB size of one attribute value.
  std::size_t value_size_bytes();

 private:
  core::AttributeType type();
  bool boolean();
  template <class Each>
  void each_element(Each each);
  template <class Each>
  void each_member(Each each);

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

/// The text that a raw string stands for, and the length of that text in bytes.
std::string unescape(std::string_view raw);
std::size_t unescaped_size(std::string_view raw);

}  // namespace stator::json
