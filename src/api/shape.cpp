#include "api/shape.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <cstring>
#include <string>

#include "api/shape_report.h"
#include "api/shape_rules.h"
#include "api/shapes/common.h"
#include "core/api_error.h"
#include "core/base64.h"
#include "json/scalars.h"
#include "json/unique_names.h"

namespace stator::api {

using shapes::Kind;
using shapes::Shape;
using Type = simdjson::dom::element_type;

namespace {

constexpr std::string_view kPackage = "com.amazonaws.dynamodb.v20120810.";
/// The parser's own limit, checked here as well, because the walk is recursive.
constexpr int kMaxDepth = 1024;

/// Whether a value is a member of a structure or an element of a list or map: the service's texts differ.
enum class Place : std::uint8_t { kMember, kElement };

std::string_view java_type(Kind kind) {
  switch (kind) {
    case Kind::kBoolean:
      return "Boolean";
    case Kind::kInteger:
      return "Integer";
    case Kind::kLong:
      return "Long";
    case Kind::kDouble:
      return "Double";
    case Kind::kTimestamp:
      return "Date";
    default:
      return "String";
  }
}

/// The class as Java prints it: "java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>".
std::string class_name(const Shape& shape) {
  switch (shape.kind) {
    case Kind::kList:
      return "java.util.List<" + class_name(*shape.element) + ">";
    case Kind::kMap:
      return "java.util.Map<java.lang.String, " + class_name(*shape.element) + ">";
    case Kind::kStructure:
    case Kind::kAttributeValue:
      return std::string(kPackage) + std::string(shape.name);
    case Kind::kTimestamp:
      return "java.util.Date";
    default:
      return "java.lang." + std::string(java_type(shape.kind));
  }
}

std::string_view token_name(const json::Value& value) {
  switch (value.type()) {
    case Type::BOOL:
      return bool(value) ? "TRUE_VALUE" : "FALSE_VALUE";
    case Type::DOUBLE:
      return "DECIMAL_VALUE";
    case Type::STRING:
      return "STRING_VALUE";
    default:
      return "NUMBER_VALUE";
  }
}

[[noreturn]] void refuse_structure_found() {
  core::throw_serialization("Start of structure or map found where not expected");
}

[[noreturn, gnu::cold]] void refuse_scalar(const Shape& shape, const json::Value& found) {
  if (found.is_object()) {
    refuse_structure_found();
  }
  if (found.is_array()) {
    core::throw_serialization("Unrecognized collection type class " + class_name(shape));
  }
  core::throw_serialization(std::string(token_name(found)) + " cannot be converted to " +
                            std::string(java_type(shape.kind)));
}

[[noreturn, gnu::cold]] void refuse_structure(const Shape& shape, const json::Value& found, Place place) {
  if (found.is_array()) {
    core::throw_serialization("Unrecognized collection type class " + class_name(shape));
  }
  core::throw_serialization(place == Place::kElement ? "Unexpected value type in payload" : "Unexpected field type");
}

[[noreturn, gnu::cold]] void refuse_collection(const Shape& shape, const json::Value& found, Place place) {
  if (found.is_object()) {
    refuse_structure_found();
  }
  if (found.is_array()) {
    core::throw_serialization("Unrecognized collection type " + class_name(shape));
  }
  if (place == Place::kMember) {
    core::throw_serialization("Unexpected field type");
  }
  core::throw_serialization(
      "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class "
      "(sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base of "
      "loader 'bootstrap')");
}

[[noreturn, gnu::cold]] void refuse_blob(const json::Value& found) {
  if (found.is_object()) {
    refuse_structure_found();
  }
  core::throw_serialization(found.is_array() ? "Unrecognized collection type class java.nio.ByteBuffer"
                                             : "only base-64-encoded strings are convertible to bytes");
}

/// A hash of the length, the first and the last bytes of a name.
std::uint64_t name_tag(std::string_view name) {
  std::uint64_t first = 0;
  if (name.size() < sizeof first) {
    std::memcpy(&first, name.data(), name.size());
    return first << 8 | name.size();
  }
  std::uint64_t last = 0;
  std::memcpy(&first, name.data(), sizeof first);
  std::memcpy(&last, name.data() + name.size() - sizeof last, sizeof last);
  constexpr std::uint64_t kMixing = 0x9e3779b97f4a7c15U;
  return (first * kMixing ^ last) * kMixing ^ name.size();
}

/// Goes through the request once, in the order of its text, as the service's parser does. Throws at the first wrong
/// JSON type. Only notes whether a constraint is violated; report_violations then finds out which.
class Walk {
 public:
  explicit Walk(CheckedRequest& request) : checked(request) {}

  /// Checks the whole request.
  void root(const Shape& shape, const json::Object& object) {
    checked.members.begin(shape);
    structure(shape, object, 0, [this](std::uint8_t at, const json::Value& value) { checked.members.add(at, value); });
  }

  bool violated = false;
  /// Whether there is a null instead of an attribute value, or a null inside a set.
  bool null_value = false;
  bool null_set_member = false;
  bool numbers_as_text = false;
  CheckedRequest& checked;

 private:
  /// Calls `found` with each member that the shape knows.
  template <class Found>
  void structure(const Shape& shape, const json::Object& object, int depth, Found found) {
    std::uint32_t present = 0;
    std::uint32_t nulls = 0;
    if (shape.index != nullptr) {
      for (const auto field : object) {
        const std::uint8_t at = shape.index->find(field.key);
        if (at == shapes::MemberIndex::kEmpty || shape.members[at].name != field.key) {
          continue;
        }
        const std::uint32_t bit = 1U << at;
        checked.repeats_name |= ((present | nulls) & bit) != 0;
        if (field.value.is_null()) {
          nulls |= bit;
          continue;
        }
        present |= bit;
        found(at, field.value);
        value(*shape.members[at].shape, field.value, Place::kMember, depth);
      }
    }
    violated = violated || (shape.required & ~present) != 0;
  }

  void value(const Shape& shape, const json::Value& value, Place place, int depth) {
    switch (shape.kind) {
      case Kind::kString:
        if (!value.is_string()) {
          refuse_scalar(shape, value);
        }
        text(shape, std::string_view(value));
        return;
      case Kind::kBoolean:
        boolean(shape, value);
        return;
      case Kind::kInteger:
      case Kind::kLong:
        integer(shape, value);
        return;
      case Kind::kDouble:
      case Kind::kTimestamp:
        if (!value.is_number()) {
          refuse_scalar(shape, value);
        }
        return;
      case Kind::kList:
        list(shape, value, place, depth);
        return;
      case Kind::kMap:
        map(shape, value, place, depth);
        return;
      case Kind::kStructure:
        if (!value.is_object()) {
          refuse_structure(shape, value, place);
        }
        structure(shape, value, deeper(depth), [](std::uint8_t /*at*/, const json::Value& /*value*/) {});
        return;
      case Kind::kAttributeValue:
        attribute_value(value, place, depth);
        return;
    }
  }

  void text(const Shape& shape, std::string_view text) {
    if (!shape.constrained()) return;
    violated = violated || !satisfies(shape, text);
    const bool names_table = shape.rule == shapes::Rule::kTable || shape.rule == shapes::Rule::kItemTable;
    if (names_table && text.starts_with("arn:")) checked.table_arns.push_back(text);
  }

  static int deeper(int depth) {
    if (depth >= kMaxDepth) {
      core::throw_serialization("Too many levels of nesting");
    }
    return depth + 1;
  }

  static void boolean(const Shape& shape, const json::Value& value) {
    if (value.is_bool()) {
      return;
    }
    if (!value.is_string()) {
      refuse_scalar(shape, value);
    }
    if (!json::is_boolean_text(std::string_view(value))) {
      core::throw_serialization("Unexpected token received from parser");
    }
  }

  void integer(const Shape& shape, const json::Value& value) {
    if (numbers_as_text && value.is_string()) {
      const auto number = json::integer_from_text(std::string_view(value));
      const bool fits = number && (shape.kind == Kind::kLong || std::in_range<std::int32_t>(*number));
      if (!fits) {
        refuse_scalar(shape, value);
      }
      violated = violated || !satisfies(shape, *number);
      return;
    }
    if (!value.is_number()) {
      refuse_scalar(shape, value);
    }
    const double magnitude = json::read_double(value);
    const bool fits = shape.kind == Kind::kInteger
                          ? magnitude > -2147483649.0 && magnitude < 2147483648.0
                          : magnitude >= -9223372036854775808.0 && magnitude < 9223372036854775808.0;
    // As doubles, the largest 64-bit integers are beyond the range: for them the parser's type decides.
    if (!fits && !(shape.kind == Kind::kLong && value.is_int64())) {
      refuse_scalar(shape, value);
    }
    violated = violated || !satisfies(shape, json::read_integer(value));
  }

  void list(const Shape& shape, const json::Value& value, Place place, int depth) {
    if (!value.is_array()) {
      refuse_collection(shape, value, place);
    }
    const int inner = deeper(depth);
    std::int64_t count = 0;
    for (const json::Value element : json::Array(value)) {
      ++count;
      this->element(*shape.element, element, inner);
    }
    violated = violated || !length_satisfies(shape, count);
  }

  void map(const Shape& shape, const json::Value& value, Place place, int depth) {
    if (!value.is_object()) {
      refuse_collection(shape, value, place);
    }
    const int inner = deeper(depth);
    const json::Object object(value);
    const std::size_t first_tag = tags_.size();
    bool may_repeat = false;
    std::int64_t count = 0;
    for (const auto field : object) {
      may_repeat |= ++count > kComparedNames || !add_tag(name_tag(field.key), first_tag);
      if (shape.key != nullptr) text(*shape.key, field.key);
      element(*shape.element, field.value, inner);
    }
    tags_.resize(first_tag);
    checked.repeats_name |= may_repeat && json::repeats_name(object);
    violated = violated || !length_satisfies(shape, count);
  }

  /// Adds a tag; false if the map whose tags begin at `first` already has it.
  bool add_tag(std::uint64_t tag, std::size_t first) {
    if (std::find(tags_.begin() + static_cast<std::ptrdiff_t>(first), tags_.end(), tag) != tags_.end()) return false;
    tags_.push_back(tag);
    return true;
  }

  void element(const Shape& shape, const json::Value& value, int depth) {
    if (!value.is_null()) {
      this->value(shape, value, Place::kElement, depth);
    } else if (shape.kind == Kind::kAttributeValue) {
      null_value = true;
    } else {
      violated = true;
    }
  }

  void attribute_value(const json::Value& value, Place place, int depth) {
    if (!value.is_object()) {
      refuse_structure(shapes::kAttributeValue, value, place);
    }
    const int inner = deeper(depth);
    constexpr int kVeryDeep = 62;
    checked.very_deep |= ++levels_ > kVeryDeep;
    const json::Object object(value);
    std::size_t count = 0;
    for (const auto field : object) {
      ++count;
      if (!field.value.is_null()) {
        typed(field.key, field.value, inner);
      }
    }
    checked.repeats_name |= count > 1 && json::repeats_name(object);
    --levels_;
  }

  /// Checks one member of an attribute value by its type name.
  void typed(std::string_view type, const json::Value& value, int depth) {
    switch (type.size()) {
      case 1:
        switch (type.front()) {
          case 'S':
          case 'N':
            if (!value.is_string()) {
              refuse_scalar(shapes::kText, value);
            }
            return;
          case 'B':
            blob(value);
            return;
          case 'L':
            list(shapes::kAttributeValueList, value, Place::kMember, depth);
            return;
          case 'M':
            map(shapes::kAttributeMap, value, Place::kMember, depth);
            return;
          default:
            return;
        }
      case 2:
        if (type == "SS" || type == "NS" || type == "BS") {
          set(value, type.front() == 'B');
        }
        return;
      case 4:
        if (type == "BOOL" || type == "NULL") {
          boolean(shapes::kBoolean, value);
        }
        return;
      default:
        return;
    }
  }

  static void blob(const json::Value& value) {
    if (!value.is_string()) {
      refuse_blob(value);
    }
    const std::string_view text(value);
    if (!core::base64_decoded_size(text)) {
      core::throw_serialization(core::base64_complaint(text));
    }
  }

  void set(const json::Value& value, bool binary) {
    if (!value.is_array()) {
      refuse_collection(shapes::kAttributeValueList, value, Place::kMember);
    }
    for (const json::Value member : json::Array(value)) {
      if (member.is_null()) {
        null_set_member = true;
      } else if (binary) {
        blob(member);
      } else if (!member.is_string()) {
        refuse_scalar(shapes::kText, member);
      }
    }
  }

  /// In maps with more names, repeated names are found by json::repeats_name alone.
  static constexpr std::int64_t kComparedNames = 64;

  int levels_ = 0;  // nesting of attribute values at the current position
  /// Hashes of the names in the maps around the current position, the innermost map last.
  boost::container::small_vector<std::uint64_t, kComparedNames> tags_;
};

}  // namespace

CheckedRequest check_shape(const Operation& operation, const json::Object& request, bool lenient, bool deviates) {
  CheckedRequest checked;
  Walk walk(checked);
  walk.numbers_as_text = lenient;
  walk.root(*operation.input, request);
  if (checked.repeats_name) {
    return checked;
  }
  if (walk.violated) {
    report_violations(operation, request, checked.very_deep, deviates);
  }
  if (walk.null_value) {
    core::throw_validation("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
  }
  if (walk.null_set_member) {
    core::throw_invalid_parameters("A set may not have a null member");
  }
  return checked;
}

}  // namespace stator::api
