#include "api/shape_report.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "api/shape_rules.h"
#include "api/shape_text.h"
#include "core/api_error.h"
#include "core/utf8.h"
#include "json/scalars.h"

namespace stator::api {

using shapes::Kind;
using shapes::Member;
using shapes::Presence;
using shapes::Rule;
using shapes::Shape;

namespace {

/// The greatest number of violations in a message of the service.
constexpr std::size_t kMaxViolations = 10;

[[noreturn]] void refuse(std::string message) {
  throw core::ApiError(core::ErrorCode::kValidation, std::move(message));
}

/// The values of a structure's members in the order of its shape, and which are present and not null.
struct Fields {
  std::array<json::Value, shapes::kMaxMembers> values;
  std::uint32_t present = 0;

  Fields(const Shape& shape, const json::Object& object) {
    for (const auto field : object) {
      const std::uint8_t at = shape.index != nullptr ? shape.index->find(field.key) : shapes::MemberIndex::kEmpty;
      if (at == shapes::MemberIndex::kEmpty || shape.members[at].name != field.key) {
        continue;
      }
      values[at] = field.value;
      present |= static_cast<std::uint32_t>(!field.value.is_null()) << at;
    }
  }
  [[nodiscard]] bool has(std::size_t at) const { return (present >> at & 1U) != 0; }
};

/// The path of a value: a chain on the stack that is converted to text only for a violation. Otherwise a request could
/// cause copies of a very long map key for very many values below it.
class Path {
 public:
  Path() = default;
  [[nodiscard]] Path member(std::string_view name) const { return {this, name, 0, Step::kMember}; }
  [[nodiscard]] Path key(std::string_view key) const { return {this, key, 0, Step::kKey}; }
  [[nodiscard]] Path index(std::size_t index) const { return {this, {}, index, Step::kIndex}; }

  /// The path in messages: `keySchema.1.member.attributeName`.
  [[nodiscard]] std::string lowered() const { return spell(true); }
  /// The path with members as the request spells them: `RequestItems.music.member.Keys`.
  [[nodiscard]] std::string spelled() const { return spell(false); }

 private:
  enum class Step : std::uint8_t { kRoot, kMember, kKey, kIndex };
  static constexpr std::size_t kMaxKeyBytes = 65536;

  Path(const Path* parent, std::string_view name, std::size_t index, Step step)
      : parent_(parent), name_(name), index_(index), step_(step) {}

  [[nodiscard]] std::string spell(bool lower) const {
    if (step_ == Step::kRoot) {
      return {};
    }
    std::string text = parent_->spell(lower);
    text.append(text.empty() ? "" : ".");
    switch (step_) {
      case Step::kMember:
        return text.append(lower ? lower_first(name_) : std::string(name_));
      case Step::kKey:
        return text.append(core::utf8_prefix(name_, kMaxKeyBytes)).append(".member");
      default:
        return text.append(std::to_string(index_)).append(".member");
    }
  }

  const Path* parent_ = nullptr;
  std::string_view name_;
  std::size_t index_ = 0;
  Step step_ = Step::kRoot;
};

struct Violation {
  std::string path;
  std::string text;
  /// The whole message if this is the only violation; empty: no special one.
  std::string alone;
  bool missing = false;
  /// Null if a member is missing.
  const Shape* shape = nullptr;
  bool of_key = false;
};

class Collector {
 public:
  Collector(bool deviates, bool older_texts) : deviates_(deviates), older_texts_(older_texts) {}

  void structure(const Shape& shape, const json::Object& object, const Path& path) {
    const Fields fields(shape, object);
    for (std::size_t at = 0; at < shape.members.size() && !full(); ++at) {
      const Member& member = shape.members[at];
      if (fields.has(at)) {
        value(*member.shape, fields.values[at], path.member(member.name));
      } else if (member.presence != Presence::kOptional) {
        missing(path.member(member.name));
      }
    }
  }
  std::vector<Violation> violations;

 private:
  [[nodiscard]] bool full() const { return violations.size() >= kMaxViolations; }

  void missing(const Path& path) {
    if (!full()) {
      std::string at = path.lowered();
      std::string text = "Value null at '" + at + "' failed to satisfy constraint: Member must not be null";
      violations.push_back({std::move(at), std::move(text), {}, true, nullptr, false});
    }
  }

  void add(const Shape& shape, const json::Value& value, const Path& path, const std::string& constraint) {
    if (full()) {
      return;
    }
    Violation violation{path.lowered(), {}, {}, false, &shape, false};
    const bool is_new_if_empty = shape.newer_form_if_empty && !older_texts_;
    if (shape.newer_form || (shape.newer_form_where_deviating && deviates_) ||
        (is_new_if_empty && std::string_view(value).empty())) {
      violation.alone =
          "1 validation error detected: Value at '" + path.spelled() + "' failed to satisfy constraint: " + constraint;
    }
    const std::string shown = shape.shown_as_json
                                  ? std::string(core::utf8_prefix(simdjson::minify(value), kMaxValueTextBytes))
                                  : value_text(value, shape);
    violation.text = "Value '" + shown + "' at '" + violation.path + "' failed to satisfy constraint: " + constraint;
    violations.push_back(std::move(violation));
  }

  void value(const Shape& shape, const json::Value& value, const Path& path) {
    switch (shape.kind) {
      case Kind::kString:
        string(shape, value, path);
        return;
      case Kind::kInteger:
      case Kind::kLong:
        number(shape, value, path);
        return;
      case Kind::kList:
        list(shape, value, path);
        return;
      case Kind::kMap:
        map(shape, value, path);
        return;
      case Kind::kStructure:
        structure(shape, value, path);
        return;
      case Kind::kBoolean:
      case Kind::kDouble:
      case Kind::kTimestamp:
      case Kind::kAttributeValue:
        return;
    }
  }

  void string(const Shape& shape, const json::Value& value, const Path& path) {
    const std::string_view text(value);
    if (!shape.values.empty()) {
      if (!satisfies(shape, text)) {
        add(shape, value, path, must_be_one_of(shape));
      }
      return;
    }
    const LengthBounds bounds = length_bounds(shape, text);
    const bool pattern_violated = bounds.check_pattern && !matches(shape.pattern, text);
    if (pattern_violated && shape.pattern_first) {
      add(shape, value, path, must_match(shape.pattern));
    }
    const std::int64_t length = java_length(text);
    if (length < bounds.min) {
      add(shape, value, path, too_short(bounds.min));
    } else if (length > bounds.max) {
      add(shape, value, path, too_long(bounds.max));
    }
    if (pattern_violated && !shape.pattern_first) {
      add(shape, value, path, must_match(shape.pattern));
    }
  }

  void number(const Shape& shape, const json::Value& value, const Path& path) {
    const std::int64_t number = json::read_integer(value);
    if (number < shape.min_value) {
      add(shape, value, path, "Member must have value greater than or equal to " + std::to_string(shape.min_value));
    } else if (number > shape.max_value) {
      add(shape, value, path, "Member must have value less than or equal to " + std::to_string(shape.max_value));
    }
  }

  void length(const Shape& shape, const json::Value& value, const Path& path, std::size_t members) {
    const auto count = static_cast<std::int64_t>(members);
    if (count < shape.min_length) {
      add(shape, value, path, too_short(shape.min_length));
      const std::string_view alone = deviates_ ? shape.lone_too_short_where_deviating : shape.lone_too_short;
      if (!alone.empty() && !violations.empty()) violations.back().alone = alone;
    } else if (count > shape.max_length) {
      add(shape, value, path, too_long(shape.max_length));
    }
  }

  /// Whether violations of elements are reported for the list or map itself, as they are for scalars and lists.
  static bool speaks_for_elements(const Shape& shape) {
    return shape.element->kind != Kind::kStructure && shape.element->constrained();
  }

  static bool element_satisfies(const Shape& shape, const json::Value& value) {
    if (value.is_null()) {
      return true;
    }
    return shape.kind == Kind::kString ? satisfies(shape, std::string_view(value))
           : shape.kind == Kind::kList ? length_satisfies(shape, static_cast<std::int64_t>(json::Array(value).size()))
                                       : true;
  }

  void list(const Shape& shape, const json::Value& list_value, const Path& path) {
    const json::Array list(list_value);
    length(shape, list_value, path, list.size());
    if (speaks_for_elements(shape)) {
      for (const json::Value element : list) {
        if (!element_satisfies(*shape.element, element)) {
          add(shape, list_value, path, "Member must satisfy constraint: " + constraint_list(*shape.element));
          break;
        }
      }
    }
    std::size_t at = 0;
    for (const json::Value element : list) {
      if (full()) {
        return;
      }
      inner(shape, element, path.index(++at));
    }
  }

  void map(const Shape& shape, const json::Value& map_value, const Path& path) {
    const json::Object object(map_value);
    length(shape, map_value, path, object.size());
    if (shape.key != nullptr) {
      for (const auto field : object) {
        if (!satisfies(*shape.key, field.key)) {
          add(shape, map_value, path, "Map keys must satisfy constraint: " + constraint_list(*shape.key));
          if (!violations.empty()) {
            violations.back().of_key = true;
          }
          break;
        }
      }
    }
    if (speaks_for_elements(shape)) {
      for (const auto field : object) {
        if (!element_satisfies(*shape.element, field.value)) {
          add(shape, map_value, path, "Map value must satisfy constraint: " + constraint_list(*shape.element));
          break;
        }
      }
    }
    for (const auto field : object) {
      if (full()) {
        return;
      }
      inner(shape, field.value, path.key(field.key));
    }
  }

  /// Checks an element of a list or map by itself.
  void inner(const Shape& shape, const json::Value& element, const Path& path) {
    const Shape& element_shape = *shape.element;
    if (element_shape.kind == Kind::kAttributeValue) {
      return;
    }
    if (element.is_null()) {
      missing(path);
    } else if (element_shape.kind == Kind::kStructure) {
      structure(element_shape, element, path);
    } else if (element_shape.kind == Kind::kList) {
      std::size_t at = 0;
      for (const json::Value nested : json::Array(element)) {
        if (full()) {
          return;
        }
        inner(element_shape, nested, path.index(++at));
      }
    }
  }

  bool deviates_;
  bool older_texts_;
};

/// Throws the errors that the service reports before it collects violated constraints.
void refuse_at_once(const Shape& input, const json::Object& request) {
  const Fields fields(input, request);
  for (std::size_t at = 0; at < input.members.size(); ++at) {
    const Member& member = input.members[at];
    if (!fields.has(at)) {
      if (member.presence == Presence::kRequiredParameter) {
        refuse("The parameter '" + std::string(member.name) + "' is required but was not present in the request");
      }
      if (member.presence == Presence::kRequiredTableArn) {
        refuse("Invalid TableArn");
      }
      continue;
    }
    const Rule rule = member.shape->rule;
    if (rule == Rule::kTargetTable || rule == Rule::kInsightsIndex) {
      const std::string_view text(fields.values[at]);
      const LengthBounds bounds = length_bounds(*member.shape, text);
      const std::int64_t length = java_length(text);
      if (length < bounds.min || length > bounds.max) {
        refuse(std::string(rule == Rule::kTargetTable ? "TableName" : "IndexName") +
               " must be at least 3 characters long and at most 255 characters long");
      }
    }
  }
}

/// Keeps only the violation at `path`, if there is one.
void keep_alone(std::vector<Violation>& violations, std::string_view path) {
  const auto at_path = [&](const Violation& violation) { return violation.path == path; };
  if (std::ranges::any_of(violations, at_path)) {
    std::erase_if(violations, [&](const Violation& violation) { return !at_path(violation); });
  }
}

/// The order of precedence if no required member is missing: the service checks some members before the others, and
/// reports only their faults. Before June 2026 it reported everything.
void apply_precedence(const Operation& operation, std::vector<Violation>& violations, bool very_deep) {
  if (operation.special_rules.table_name_alone) {
    keep_alone(violations, "tableName");
  }
  if (very_deep) {
    return;
  }
  const auto left_to_operation = [](const Violation& violation) { return violation.shape->checked_by_operation; };
  if (std::erase_if(violations, left_to_operation) > 0 && operation.special_rules.operation_checks_first) {
    violations.clear();
  }
  if (operation.special_rules.return_values_alone) {
    keep_alone(violations, "returnValues");
  }
  for (Violation& violation : violations) {
    if (!violation.shape->sentence.empty()) {
      violation.text = violation.shape->sentence;
    }
  }
  if (violations.size() > 1) {
    std::erase_if(violations,
                  [](const Violation& violation) { return violation.of_key && violation.shape->keys_give_way; });
  }
}

}  // namespace

void report_violations(const Operation& operation, const json::Object& request, bool very_deep, bool deviates) {
  refuse_at_once(*operation.input, request);
  const bool is_behind = deviates && operation.special_rules.rollout == Rollout::kWrites;
  Collector collector(deviates, is_behind);
  collector.structure(*operation.input, request, {});
  std::vector<Violation>& violations = collector.violations;
  if (!is_behind && std::ranges::none_of(violations, &Violation::missing)) {
    apply_precedence(operation, violations, very_deep);
  }
  if (violations.empty()) {
    return;
  }
  if (violations.size() == 1 && !violations.front().alone.empty()) {
    refuse(violations.front().alone);
  }
  std::string message = std::to_string(violations.size()) +
                        (violations.size() == 1 ? " validation error" : " validation errors") + " detected: ";
  for (std::size_t at = 0; at < violations.size(); ++at) {
    message.append(at == 0 ? "" : "; ").append(violations[at].text);
  }
  refuse(std::move(message));
}

}  // namespace stator::api
