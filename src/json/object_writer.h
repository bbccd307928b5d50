#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stator::json {

/// Appends one JSON object member by member; the caller appends each value after `key` or `member`.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) {}
  /// Appends the separator and `"name":`. `name` needs no escaping.
  std::string& key(std::string_view name) {
    out_ += empty_ ? "{\"" : ",\"";
    empty_ = false;
    out_.append(name).append("\":");
    return out_;
  }
  /// The same for a name that may need escaping, such as a table's or an attribute's.
  std::string& member(std::string_view name);
  /// Appends a text value, escaped.
  void text(std::string_view name, std::string_view value);
  void integer(std::string_view name, std::int64_t value) { key(name) += std::to_string(value); }
  void flag(std::string_view name, bool value) { key(name) += value ? "true" : "false"; }
  /// Appends a time in seconds since 1970 with milliseconds, as the service writes timestamps.
  void time(std::string_view name, std::int64_t milliseconds);
  /// Appends a number such as capacity units: 0.5, 1.0, 12.0.
  void real(std::string_view name, double value);
  [[nodiscard]] bool empty() const { return empty_; }
  [[nodiscard]] std::string& out() { return out_; }
  void end() { out_ += empty_ ? "{}" : "}"; }

 private:
  std::string& out_;
  bool empty_ = true;
};

/// Appends one JSON array element by element.
class ArrayWriter {
 public:
  explicit ArrayWriter(std::string& out) : out_(out) { out_ += '['; }
  /// Appends the separator; the caller appends the element.
  std::string& element() {
    if (!empty_) out_ += ',';
    empty_ = false;
    return out_;
  }
  void end() { out_ += ']'; }

 private:
  std::string& out_;
  bool empty_ = true;
};

/// Appends a double; whole numbers get a fraction ("1.0"), unless they are so large that they have an exponent.
void append_real(double value, std::string& out);

}  // namespace stator::json
