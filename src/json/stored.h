#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/attribute_value.h"

/// Reading canonical wire JSON that we stored ourselves. Nothing is validated beyond what keeps a damaged text from
/// being read past its end: then core::DamageError is thrown.
namespace stator::json {

class StoredReader {
 public:
  explicit StoredReader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] std::size_t position() const { return at_; }
  /// Steps over `c`, which must be next.
  void expect(char c);
  /// Steps over `c` if it is next.
  bool accept(char c);
  /// A string with its escapes, without its quotes.
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

/// The text that a raw string stands for, and its length in bytes.
std::string unescape(std::string_view raw);
std::size_t unescaped_size(std::string_view raw);

}  // namespace stator::json
