#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "api/operations.h"
#include "model/pattern.h"
#include "model/text.h"

namespace stator::model {
namespace {

constexpr std::array<std::string_view, 8> kOperations = {"Query",   "GetItem",    "BatchGetItem", "Scan",
                                                         "PutItem", "UpdateItem", "DeleteItem",   "TransactGetItems"};

struct NamedType {
  std::string_view name;
  ParameterType type;
};
constexpr std::array<NamedType, 7> kTypes = {{{"string", ParameterType::kString},
                                              {"integer", ParameterType::kInteger},
                                              {"number", ParameterType::kNumber},
                                              {"boolean", ParameterType::kBoolean},
                                              {"uuid", ParameterType::kUuid},
                                              {"time", ParameterType::kTime},
                                              {"handle", ParameterType::kHandle}}};

bool is_option_name(std::string_view name) {
  if (name.empty() || name.front() < 'a' || name.front() > 'z') return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

/// Whether this is an option of every pattern or of all commands, whose name a parameter may not have.
bool is_reserved(std::string_view name) {
  static constexpr std::array<std::string_view, 16> kReserved = {
      "next",    "quiet", "help", "output", "data",      "endpoint-url", "models",  "no-color",
      "version", "yes",   "prod", "cache",  "cache-ttl", "read-only",    "dry-run", "no-pager"};
  return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

/// A scalar of any JSON type as text.
std::string scalar_text(const Document& document, const Node& node) {
  switch (node.kind) {
    case NodeKind::kString:
    case NodeKind::kNumber:
      return node.text;
    case NodeKind::kBoolean:
      return node.boolean ? "true" : "false";
    default:
      document.fail_expected(node, "a string, a number or a boolean");
  }
}

std::vector<std::string> string_list(const Document& document, const Node& object, std::string_view name) {
  std::vector<std::string> out;
  const Node* list = document.optional(object, name, NodeKind::kArray);
  if (list == nullptr) return out;
  for (const Node& element : list->elements) {
    document.require_kind(element, NodeKind::kString, name);
    out.push_back(element.text);
  }
  return out;
}

constexpr std::array<std::string_view, 10> kValueTypes = {"S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"};

void allow_only(const Document& document, const Node& object, std::span<const std::string_view> known) {
  for (const NodeMember& member : object.members) {
    if (std::find(known.begin(), known.end(), member.name) == known.end())
      document.fail(member.place, unknown_member(member.name, known));
  }
}

/// Throws for members that the operation's request does not have, which DynamoDB would silently ignore. Null is
/// allowed, as a variant removes a member with it.
void check_members(const Document& document, const Node& node, const api::shapes::Shape& shape) {
  using api::shapes::Kind;
  if (node.kind == NodeKind::kObject && shape.kind == Kind::kStructure) {
    std::vector<std::string_view> known;
    for (const api::shapes::Member& member : shape.members) known.push_back(member.name);
    allow_only(document, node, known);
    for (const NodeMember& member : node.members) {
      const auto found = std::find_if(shape.members.begin(), shape.members.end(),
                                      [&](const auto& candidate) { return candidate.name == member.name; });
      check_members(document, member.value, *found->shape);
    }
  } else if (node.kind == NodeKind::kObject && shape.kind == Kind::kMap) {
    for (const NodeMember& member : node.members) check_members(document, member.value, *shape.element);
  } else if (node.kind == NodeKind::kObject && shape.kind == Kind::kAttributeValue) {
    allow_only(document, node, kValueTypes);
    for (const NodeMember& type : node.members) {
      for (const NodeMember& member : type.value.members) check_members(document, member.value, shape);
      if (type.name != "L") continue;
      for (const Node& element : type.value.elements) check_members(document, element, shape);
    }
  } else if (node.kind == NodeKind::kArray && shape.kind == Kind::kList) {
    for (const Node& element : node.elements) check_members(document, element, *shape.element);
  }
}

class PatternReader {
 public:
  PatternReader(const Document& document, Pattern& pattern) : document_(document), pattern_(pattern) {}

  void read(const std::string& table_name) {
    const Node& root = document_.root();
    document_.allow_only(root, {"$schema", "description", "operation", "parameters", "request", "variants", "example",
                                "budget", "least_items", "cache", "print"});
    pattern_.description = document_.require(root, "description", NodeKind::kString).text;
    read_operation(document_.require(root, "operation", NodeKind::kString));
    if (const Node* parameters = document_.optional(root, "parameters", NodeKind::kObject)) {
      for (const NodeMember& member : parameters->members) pattern_.parameters.push_back(read_parameter(member));
      for (const NodeMember& member : parameters->members) check_excludes(member.value);
    }
    pattern_.request = document_.require(root, "request", NodeKind::kObject);
    check_names(pattern_.request);
    check_members(document_, pattern_.request, input());
    if (pattern_.request.member("TableName") == nullptr && pattern_.operation != "BatchGetItem" &&
        pattern_.operation != "TransactGetItems") {
      Node name;
      name.kind = NodeKind::kString;
      name.text = table_name;
      pattern_.request.members.insert(pattern_.request.members.begin(), {"TableName", pattern_.request.place, name});
    }
    read_variants(root);
    read_example(root);
    read_budget(document_.require(root, "budget", NodeKind::kNumber));
    pattern_.least_items = static_cast<std::uint64_t>(document_.optional_integer(root, "least_items", 1, 0, 1'000'000));
    if (const Node* cache = document_.optional(root, "cache", NodeKind::kObject)) read_cache(*cache);
    if (const Node* print = document_.optional(root, "print", NodeKind::kObject)) read_printing(*print);
  }

 private:
  /// The shape of the operation's request.
  [[nodiscard]] const api::shapes::Shape& input() const {
    return *std::find_if(std::begin(api::kOperations), std::end(api::kOperations),
                         [this](const api::Operation& operation) { return operation.name == pattern_.operation; })
                ->input;
  }

  void read_operation(const Node& node) {
    if (std::find(kOperations.begin(), kOperations.end(), node.text) == kOperations.end()) {
      std::string list;
      for (const std::string_view name : kOperations) list += (list.empty() ? "" : ", ") + std::string(name);
      document_.fail_expected(node, "one of " + list);
    }
    pattern_.operation = node.text;
  }

  Parameter read_parameter(const NodeMember& member) {
    if (!is_option_name(member.name))
      document_.fail(member.place,
                     "a parameter's name is lower-case letters, digits and dashes, found \"" + member.name + "\"");
    if (is_reserved(member.name)) document_.fail(member.place, "--" + member.name + " is reserved");
    const Node& node = member.value;
    document_.allow_only(node,
                         {"type", "description", "default", "excludes", "one_of", "minimum", "maximum", "complete"});
    Parameter parameter;
    parameter.name = member.name;
    parameter.type = read_type(document_.require(node, "type", NodeKind::kString));
    parameter.description = document_.require(node, "description", NodeKind::kString).text;
    parameter.excludes = string_list(document_, node, "excludes");
    parameter.one_of = string_list(document_, node, "one_of");
    read_range(node, parameter);
    read_completion(node, parameter);
    if (const Node* value = node.member("default")) parameter.default_value = checked_value(parameter, *value);
    return parameter;
  }

  ParameterType read_type(const Node& node) {
    std::string list;
    for (const NamedType& known : kTypes) {
      if (known.name == node.text) return known.type;
      list += (list.empty() ? "" : ", ") + std::string(known.name);
    }
    document_.fail_expected(node, "one of " + list);
  }

  void read_range(const Node& node, Parameter& parameter) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    constexpr std::int64_t kLongestText = 2048;
    const bool is_text = parameter.type == ParameterType::kString;
    const bool is_integer = parameter.type == ParameterType::kInteger;
    for (const std::string_view name : {"minimum", "maximum"}) {
      const Node* bound = node.member(name);
      if (bound != nullptr && !is_text && !is_integer)
        document_.fail(bound->place, "only a string or an integer has a " + std::string(name));
    }
    const std::int64_t least = is_integer ? -kMost : 0;
    const std::int64_t most = is_integer ? kMost : kLongestText;
    parameter.minimum = document_.optional_integer(node, "minimum", is_text ? 1 : least, least, most);
    parameter.maximum = document_.optional_integer(node, "maximum", most, parameter.minimum, most);
  }

  void read_completion(const Node& node, Parameter& parameter) {
    const Node* complete = document_.optional(node, "complete", NodeKind::kString);
    if (complete == nullptr) return;
    if (parameter.type != ParameterType::kTime) document_.fail(complete->place, "only a time has \"complete\"");
    if (complete->text != "first" && complete->text != "last")
      document_.fail_expected(*complete, "\"first\" or \"last\"");
    parameter.completion = complete->text == "last" ? core::Completion::kLast : core::Completion::kFirst;
  }

  std::string checked_value(const Parameter& parameter, const Node& value) {
    std::string text = scalar_text(document_, value);
    try {
      normalise(parameter, text);
    } catch (const ParameterError& fault) {
      document_.fail(value.place, fault.what());
    }
    return text;
  }

  void require_parameter(const Node& node, const std::string& name) {
    if (pattern_.find_parameter(name) == nullptr)
      document_.fail(node.place, "expected the name of a parameter, found " + shown(name));
  }

  void check_excludes(const Node& parameter) {
    const Node* list = parameter.member("excludes");
    if (list == nullptr) return;
    for (const Node& element : list->elements) require_parameter(element, element.text);
  }

  /// Checks that every placeholder names a parameter, or a field of the user that a handle names.
  void check_template(const Node& node) {
    const Template text = read_template(document_, node);
    for (const Template::Segment& segment : text.segments()) {
      if (segment.name.empty()) continue;
      const std::size_t dot = segment.name.find('.');
      const Parameter* parameter = pattern_.find_parameter(segment.name.substr(0, dot));
      if (parameter == nullptr)
        document_.fail(node.place, "expected the name of a parameter in ${" + segment.name + "}");
      if (dot == std::string::npos) continue;
      const std::string field = segment.name.substr(dot + 1);
      if (parameter->type != ParameterType::kHandle || (field != "uuid" && field != "display_name" && field != "email"))
        document_.fail(node.place, "expected uuid, display_name or email of a handle in ${" + segment.name + "}");
    }
  }

  void check_names(const Node& node) {
    if (node.kind == NodeKind::kString) check_template(node);
    for (const Node& element : node.elements) check_names(element);
    for (const NodeMember& member : node.members) check_names(member.value);
  }

  void read_variants(const Node& root) {
    const Node* variants = document_.optional(root, "variants", NodeKind::kArray);
    if (variants == nullptr) return;
    for (const Node& node : variants->elements) {
      document_.allow_only(node, {"when", "request", "example"});
      const Node& when = document_.require(node, "when", NodeKind::kArray);
      Variant variant;
      variant.when = string_list(document_, node, "when");
      if (variant.when.empty()) document_.fail(when.place, "expected at least one parameter's name");
      for (const Node& element : when.elements) require_parameter(element, element.text);
      variant.request = document_.require(node, "request", NodeKind::kObject);
      check_names(variant.request);
      check_members(document_, variant.request, input());
      if (const Node* example = document_.optional(node, "example", NodeKind::kObject))
        read_values(*example, variant.example);
      pattern_.variants.push_back(std::move(variant));
    }
  }

  void read_values(const Node& example, ParameterValues& values) {
    for (const NodeMember& member : example.members) {
      const Parameter* parameter = pattern_.find_parameter(member.name);
      if (parameter == nullptr)
        document_.fail(member.place, "expected the name of a parameter, found \"" + member.name + "\"");
      values[member.name] = checked_value(*parameter, member.value);
    }
  }

  void read_example(const Node& root) {
    const Node* example = document_.optional(root, "example", NodeKind::kObject);
    if (example != nullptr) read_values(*example, pattern_.example);
    const Place place = example == nullptr ? root.place : example->place;
    const UserLookup anybody = [](std::string_view handle) { return User{"", std::string(handle), "", ""}; };
    try {
      bind_request(pattern_, pattern_.example, anybody);
    } catch (const ParameterError& fault) {
      document_.fail(place, std::string("the example does not fit: ") + fault.what());
    }
  }

  void read_budget(const Node& node) {
    const char* end = node.text.data() + node.text.size();
    const auto [stop, fault] = std::from_chars(node.text.data(), end, pattern_.budget);
    if (fault != std::errc() || stop != end || pattern_.budget <= 0)
      document_.fail_expected(node, "capacity units above 0 for budget");
  }

  void read_cache(const Node& node) {
    constexpr std::int64_t kMostSeconds = 2'592'000;
    constexpr std::array<std::string_view, 4> kKept = {"Query", "GetItem", "BatchGetItem", "Scan"};
    if (std::find(kKept.begin(), kKept.end(), pattern_.operation) == kKept.end()) {
      document_.fail(node.place, "a cache does not keep a " + pattern_.operation);
    }
    const Node* consistent = pattern_.request.member("ConsistentRead");
    if (consistent != nullptr && consistent->kind == NodeKind::kBoolean && consistent->boolean) {
      document_.fail(node.place, "a strongly consistent read is not answered from a cache");
    }
    document_.allow_only(node, {"ttl_s"});
    static_cast<void>(document_.require(node, "ttl_s", NodeKind::kNumber));
    pattern_.cache_ttl_s = document_.optional_integer(node, "ttl_s", 0, 1, kMostSeconds);
  }

  void read_printing(const Node& node) {
    document_.allow_only(node, {"heading", "response", "capacity", "lines"});
    Printing& printing = pattern_.printing;
    if (const Node* heading = document_.optional(node, "heading", NodeKind::kString)) {
      check_template(*heading);
      printing.heading = read_template(document_, *heading);
    }
    printing.response = document_.optional_boolean(node, "response", true);
    printing.capacity = document_.optional_boolean(node, "capacity", false);
    const Node* lines = document_.optional(node, "lines", NodeKind::kObject);
    if (lines == nullptr) return;
    document_.allow_only(*lines, {"columns", "reversed", "only_quiet"});
    printing.reversed = document_.optional_boolean(*lines, "reversed", false);
    printing.lines_only_when_quiet = document_.optional_boolean(*lines, "only_quiet", false);
    for (const Node& column : document_.require(*lines, "columns", NodeKind::kArray).elements)
      printing.columns.push_back(read_column(column));
  }

  Column read_column(const Node& node) {
    constexpr std::int64_t kWidest = 10'000;
    document_.allow_only(node, {"attribute", "width", "characters", "suffix", "time"});
    Column column;
    column.attribute = document_.require(node, "attribute", NodeKind::kString).text;
    column.width = static_cast<std::size_t>(document_.optional_integer(node, "width", 0, 0, kWidest));
    column.characters = static_cast<std::size_t>(document_.optional_integer(node, "characters", 0, 0, kWidest));
    column.suffix = document_.optional_string(node, "suffix");
    if (const Node* time = document_.optional(node, "time", NodeKind::kString)) {
      if (!core::is_time_format(time->text))
        document_.fail_expected(*time, "a time format of %Y %m %d %H %I %M %S %f %p %a %A %b %B %j %y %z %Z %%");
      column.time_format = time->text;
    }
    return column;
  }

  const Document& document_;
  Pattern& pattern_;
};

}  // namespace

std::string_view type_name(ParameterType type) {
  for (const NamedType& known : kTypes) {
    if (known.type == type) return known.name;
  }
  return "";
}

const Parameter* Pattern::find_parameter(std::string_view parameter) const {
  for (const Parameter& candidate : parameters) {
    if (candidate.name == parameter) return &candidate;
  }
  return nullptr;
}

bool Pattern::is_paged() const { return operation == "Query" || operation == "Scan"; }

Pattern read_pattern(const Document& document, std::string name, const std::string& model,
                     const std::string& table_name) {
  Pattern pattern;
  pattern.name = std::move(name);
  pattern.model = model;
  pattern.file = document.file();
  PatternReader(document, pattern).read(table_name);
  return pattern;
}

}  // namespace stator::model
