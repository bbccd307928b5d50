#include <algorithm>
#include <charconv>
#include <set>

#include "model/pattern.h"
#include "model/text.h"

namespace stator::model {
namespace {

[[noreturn]] void fail(const Parameter& parameter, const std::string& expected, std::string_view found) {
  throw ParameterError("--" + parameter.name + ": expected " + expected + ", found " + shown(found));
}

std::string normalise_text(const Parameter& parameter, std::string_view value) {
  if (!is_utf8(value)) fail(parameter, "UTF-8 text", "bytes that are none");
  if (!parameter.one_of.empty() &&
      std::find(parameter.one_of.begin(), parameter.one_of.end(), value) == parameter.one_of.end()) {
    std::string list;
    for (const std::string& allowed : parameter.one_of) list += (list.empty() ? "" : ", ") + allowed;
    fail(parameter, "one of " + list, value);
  }
  const auto length = static_cast<std::int64_t>(code_points(value));
  if (length < parameter.minimum || length > parameter.maximum) {
    fail(parameter, std::to_string(parameter.minimum) + " to " + std::to_string(parameter.maximum) + " characters",
         value);
  }
  return std::string(value);
}

std::string normalise_integer(const Parameter& parameter, std::string_view value) {
  std::int64_t number = 0;
  const auto [stop, fault] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (fault != std::errc() || stop != value.data() + value.size() || number < parameter.minimum ||
      number > parameter.maximum) {
    const bool open_end = parameter.maximum > 1'000'000'000'000;
    fail(parameter,
         open_end ? "an integer of at least " + std::to_string(parameter.minimum)
                  : "an integer from " + std::to_string(parameter.minimum) + " to " + std::to_string(parameter.maximum),
         value);
  }
  return std::to_string(number);
}

std::string normalise_uuid(const Parameter& parameter, std::string_view value) {
  constexpr std::string_view kShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  std::string out(value);
  bool fits = value.size() == kShape.size();
  for (std::size_t i = 0; fits && i < out.size(); ++i) {
    if (out[i] >= 'A' && out[i] <= 'F') out[i] = static_cast<char>(out[i] - 'A' + 'a');
    const bool is_digit = (out[i] >= '0' && out[i] <= '9') || (out[i] >= 'a' && out[i] <= 'f');
    fits = kShape[i] == '-' ? out[i] == '-' : is_digit;
  }
  if (!fits) fail(parameter, "a UUID such as 5ae290ed-55d1-47a0-bc6d-fe2bc2700399", value);
  return out;
}

std::string normalise_number(const Parameter& parameter, std::string_view value) {
  double number = 0;
  const auto [stop, fault] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (stop != value.data() + value.size() || fault == std::errc::invalid_argument || value.find('n') != value.npos)
    fail(parameter, "a number", value);
  return std::string(value);
}

/// Collects the parameters named by a request's placeholders.
void collect_names(const Node& node, std::set<std::string>& names) {
  if (node.kind == NodeKind::kString) {
    const Template holes(node.text);
    for (const Template::Segment& segment : holes.segments())
      names.insert(segment.name.substr(0, segment.name.find('.')));
  }
  for (const Node& element : node.elements) collect_names(element, names);
  for (const NodeMember& member : node.members) collect_names(member.value, names);
}

/// JSON merge patch (RFC 7396).
void merge(Node& target, const Node& patch) {
  for (const NodeMember& change : patch.members) {
    const auto found = std::find_if(target.members.begin(), target.members.end(),
                                    [&](const NodeMember& member) { return member.name == change.name; });
    if (change.value.kind == NodeKind::kNull) {
      if (found != target.members.end()) target.members.erase(found);
    } else if (found == target.members.end()) {
      target.members.push_back(change);
    } else if (found->value.kind == NodeKind::kObject && change.value.kind == NodeKind::kObject) {
      merge(found->value, change.value);
    } else {
      found->value = change.value;
    }
  }
}

/// Fills in one request. In attribute values, placeholders become text; elsewhere a string that is one placeholder gets
/// its parameter's JSON type.
class Binder {
 public:
  Binder(const Pattern& pattern, const ParameterValues& given, const UserLookup& users)
      : pattern_(pattern), users_(users) {
    for (const auto& [name, value] : given) {
      const Parameter* parameter = pattern.find_parameter(name);
      if (parameter == nullptr) throw ParameterError("--" + name + ": this pattern has no such parameter");
      for (const std::string& other : parameter->excludes) {
        if (given.contains(other)) throw ParameterError("--" + name + " cannot go with --" + other);
        excluded_.push_back(other);
      }
      values_[name] = normalise(*parameter, value);
    }
    for (const Parameter& parameter : pattern.parameters) {
      const bool is_excluded = std::find(excluded_.begin(), excluded_.end(), parameter.name) != excluded_.end();
      if (parameter.default_value && !is_excluded && !values_.contains(parameter.name))
        values_[parameter.name] = normalise(parameter, *parameter.default_value);
    }
  }

  Node request(const ParameterValues& given) {
    Node merged = pattern_.request;
    // The parameters that the request uses: those in its placeholders and those that select its variant.
    std::set<std::string> used;
    for (const Variant& variant : pattern_.variants) {
      const bool applies = std::all_of(variant.when.begin(), variant.when.end(),
                                       [&](const std::string& name) { return given.contains(name); });
      if (!applies) continue;
      merge(merged, variant.request);
      used.insert(variant.when.begin(), variant.when.end());
      break;
    }
    collect_names(merged, used);
    for (const auto& [name, value] : given) {
      if (!used.contains(name)) throw ParameterError("--" + name + " has no effect here" + where_it_has(name, given));
    }
    fill(merged, false);
    return merged;
  }

  std::string text(const Template& text) {
    return text.fill([this](const std::string& name) { return value_of(name); });
  }

 private:
  /// "; it goes with --to": the parameters missing for a variant that uses the given one.
  [[nodiscard]] std::string where_it_has(const std::string& name, const ParameterValues& given) const {
    for (const Variant& variant : pattern_.variants) {
      if (std::find(variant.when.begin(), variant.when.end(), name) == variant.when.end()) continue;
      std::string missing;
      for (const std::string& other : variant.when) {
        if (!given.contains(other)) missing += (missing.empty() ? "--" : " and --") + other;
      }
      if (!missing.empty()) return "; it goes with " + missing;
    }
    return {};
  }

  void fill(Node& node, bool in_attribute_value) {
    for (Node& element : node.elements) fill(element, in_attribute_value);
    for (NodeMember& member : node.members) {
      const bool is_type =
          node.members.size() == 1 && (member.name == "S" || member.name == "N" || member.name == "B" ||
                                       member.name == "SS" || member.name == "NS" || member.name == "BS");
      fill(member.value, is_type);
    }
    if (node.kind != NodeKind::kString) return;
    const Template text_of_node(node.text);
    node.text = text(text_of_node);
    if (in_attribute_value || !text_of_node.is_single_name()) return;
    const Parameter* parameter = pattern_.find_parameter(text_of_node.segments()[0].name);
    if (parameter == nullptr) return;
    if (parameter->type == ParameterType::kInteger || parameter->type == ParameterType::kNumber)
      node.kind = NodeKind::kNumber;
    if (parameter->type == ParameterType::kBoolean) {
      node.kind = NodeKind::kBoolean;
      node.boolean = node.text == "true";
    }
  }

  std::string value_of(const std::string& name) {
    const std::size_t dot = name.find('.');
    const std::string parameter = name.substr(0, dot);
    const auto found = values_.find(parameter);
    if (found == values_.end()) throw ParameterError("--" + parameter + " is needed");
    if (dot == std::string::npos) return found->second;
    const User& user = user_of(found->second);
    const std::string field = name.substr(dot + 1);
    return field == "uuid" ? user.uuid : field == "email" ? user.email : user.display_name;
  }

  const User& user_of(const std::string& handle) {
    const auto found = resolved_.find(handle);
    if (found != resolved_.end()) return found->second;
    return resolved_.emplace(handle, users_(handle)).first->second;
  }

  const Pattern& pattern_;
  const UserLookup& users_;
  ParameterValues values_;
  std::vector<std::string> excluded_;
  std::map<std::string, User> resolved_;
};

}  // namespace

std::string normalise(const Parameter& parameter, std::string_view value) {
  switch (parameter.type) {
    case ParameterType::kString:
      return normalise_text(parameter, value);
    case ParameterType::kInteger:
      return normalise_integer(parameter, value);
    case ParameterType::kNumber:
      return normalise_number(parameter, value);
    case ParameterType::kBoolean:
      if (value != "true" && value != "false") fail(parameter, "true or false", value);
      return std::string(value);
    case ParameterType::kUuid:
      return normalise_uuid(parameter, value);
    case ParameterType::kTime: {
      const auto time = core::parse_timestamp(value, parameter.completion);
      if (!time) fail(parameter, "a time such as 2023-03-20 or 2023-03-20T10:00:00+00:00", value);
      return core::sortable(*time);
    }
    case ParameterType::kHandle:
      if (value.empty() || !is_utf8(value)) fail(parameter, "a user's handle", value);
      return std::string(value);
  }
  return std::string(value);
}

ParameterValues example_of(const Pattern& pattern, const Variant& variant) {
  Node merged = pattern.request;
  merge(merged, variant.request);
  std::set<std::string> used(variant.when.begin(), variant.when.end());
  collect_names(merged, used);
  ParameterValues values = pattern.example;
  for (const auto& [name, value] : variant.example) values[name] = value;
  std::erase_if(values, [&](const auto& value) { return !used.contains(value.first); });
  for (const std::string& name : variant.when) {
    if (!values.contains(name)) throw ParameterError("the variant has no example for --" + name);
  }
  return values;
}

BoundRequest bind_request(const Pattern& pattern, const ParameterValues& given, const UserLookup& users,
                          const std::string& start_key_json) {
  Binder binder(pattern, given, users);
  BoundRequest bound;
  Node request = binder.request(given);
  if (request.member("ReturnConsumedCapacity") == nullptr) {
    Node total;
    total.kind = NodeKind::kString;
    total.text = "TOTAL";
    request.members.push_back({"ReturnConsumedCapacity", {}, std::move(total)});
  }
  bound.json = to_json(request);
  if (!start_key_json.empty()) {
    bound.json.pop_back();
    bound.json += ",\"ExclusiveStartKey\":" + start_key_json + "}";
  }
  bound.heading = binder.text(pattern.printing.heading);
  return bound;
}

}  // namespace stator::model
