#include "api/shape_text.h"

#include <array>
#include <charconv>

#include "api/shapes/common.h"
#include "core/utf8.h"

namespace stator::api {

using shapes::Kind;
using shapes::Member;
using shapes::Shape;
using Type = simdjson::dom::element_type;

namespace {

/// The members of an attribute value in the order of the service's class, including types that clients cannot send.
/// Source: echoes recorded by the open conformance suite in September 2026.
constexpr std::array<std::string_view, 16> kTypeNames = {"S",  "N",  "B",    "INT",    "DECIMAL",    "DOUBLE",
                                                         "SS", "NS", "BS",   "INTSET", "DECIMALSET", "DOUBLESET",
                                                         "M",  "L",  "NULL", "BOOL"};

/// Members of the service's classes that requests cannot have; printed after the others.
struct InnerMembers {
  std::string_view class_name;
  std::string_view text;
};
constexpr std::array kInnerMembers = {InnerMembers{"PutRequest", ", workloadProfileName=null"}};

class Printer {
 public:
  void value(const json::Value& value, const Shape* shape) {
    if (full()) {
      return;
    }
    switch (value.type()) {
      case Type::NULL_VALUE:
        out_.append("null");
        return;
      case Type::STRING:
        text(std::string_view(value));
        return;
      case Type::BOOL:
        out_.append(bool(value) ? "true" : "false");
        return;
      case Type::INT64:
        out_.append(std::to_string(std::int64_t(value)));
        return;
      case Type::UINT64:
        out_.append(std::to_string(std::uint64_t(value)));
        return;
      case Type::DOUBLE:
        number(double(value), shape);
        return;
      case Type::ARRAY:
        list(value, shape != nullptr ? shape->element : nullptr);
        return;
      case Type::OBJECT:
        object(value, shape);
        return;
    }
  }
  std::string take() {
    out_.resize(core::utf8_prefix(out_, kMaxValueTextBytes).size());
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool full() const { return out_.size() >= kMaxValueTextBytes; }

  /// Appends what still fits and at most one character more, which is cut off later.
  void text(std::string_view text) {
    constexpr std::size_t kLongestCharacterBytes = 4;
    out_.append(core::utf8_prefix(text, kMaxValueTextBytes + kLongestCharacterBytes - out_.size()));
  }

  void number(double number, const Shape* shape) {
    std::array<char, 400> digits{};
    const bool whole = shape != nullptr && (shape->kind == Kind::kInteger || shape->kind == Kind::kLong);
    const auto end =
        whole ? std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<std::int64_t>(number))
              : std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out_.append(digits.data(), end.ptr);
  }

  void list(const json::Array& list, const Shape* element) {
    out_.push_back('[');
    bool first = true;
    for (const json::Value member : list) {
      out_.append(first ? "" : ", ");
      first = false;
      value(member, element);
      if (full()) {
        return;
      }
    }
    out_.push_back(']');
  }

  void object(const json::Object& object, const Shape* shape) {
    if (shape != nullptr && shape->kind == Kind::kAttributeValue) {
      out_.append("AttributeValue(");
      bool first = true;
      for (const std::string_view type : kTypeNames) {
        const Shape* nested = type == "M"   ? &shapes::kAttributeMap
                              : type == "L" ? &shapes::kAttributeValueList
                                            : nullptr;
        member(object, type, nested, first);
      }
      out_.push_back(')');
      return;
    }
    if (shape != nullptr && shape->kind == Kind::kStructure) {
      out_.append(shape->name).push_back('(');
      bool first = true;
      for (const Member& declared : shape->members) {
        member(object, declared.name, declared.shape, first);
      }
      for (const InnerMembers& inner : kInnerMembers) {
        if (inner.class_name == shape->name) {
          out_.append(inner.text);
        }
      }
      out_.push_back(')');
      return;
    }
    out_.push_back('{');
    bool first = true;
    for (const auto field : object) {
      out_.append(first ? "" : ", ");
      text(field.key);
      out_.push_back('=');
      first = false;
      value(field.value, shape != nullptr ? shape->element : nullptr);
      if (full()) {
        return;
      }
    }
    out_.push_back('}');
  }

  void member(const json::Object& object, std::string_view name, const Shape* shape, bool& first) {
    out_.append(first ? "" : ", ").append(lower_first(name)).push_back('=');
    first = false;
    const auto found = object.at_key(name);
    if (found.error() != simdjson::SUCCESS) {
      out_.append("null");
    } else {
      value(found.value_unsafe(), shape);
    }
  }

  std::string out_;
};

}  // namespace

std::string lower_first(std::string_view name) {
  std::string lowered(name);
  if (!lowered.empty() && lowered.front() >= 'A' && lowered.front() <= 'Z') {
    lowered.front() = static_cast<char>(lowered.front() - 'A' + 'a');
  }
  return lowered;
}

std::string value_text(const json::Value& value) {
  Printer printer;
  printer.value(value, nullptr);
  return printer.take();
}

std::string value_text(const json::Value& value, const Shape& shape) {
  Printer printer;
  printer.value(value, &shape);
  return printer.take();
}

}  // namespace stator::api
