#include "partiql/values.h"

#include <algorithm>
#include <unordered_set>

#include "core/api_error.h"
#include "core/limits.h"
#include "json/writer.h"
#include "partiql/keywords.h"

namespace stator::partiql {
namespace {

using core::AttributeValue;
using core::throw_validation;

/// Number of levels of a value: a scalar has one, a map of scalars two.
std::size_t height(const AttributeValue& value) {
  std::size_t highest = 0;
  if (const auto* list = value.get_if<AttributeValue::List>()) {
    for (const AttributeValue& element : *list) highest = std::max(highest, height(element));
  } else if (const auto* map = value.get_if<AttributeValue::Map>()) {
    for (const core::MapMember& member : *map) highest = std::max(highest, height(member.value));
  }
  return highest + 1;
}

void check_nesting(std::size_t levels) {
  if (levels <= core::kMaxNestingDepth) return;
  throw_validation(
      "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported "
      "limit");
}

// Literals -----------------------------------------------------------------------------------------------------------

class Binder {
 public:
  Binder(const Statement& statement, Parameters parameters) : statement_(statement), parameters_(parameters) {}

  AttributeValue bind(const Node& node, std::size_t depth = 1) {
    check_nesting(depth);
    switch (node.kind) {
      case NodeKind::kString:
        return AttributeValue::string(std::string(node.text));
      case NodeKind::kNumber:
        return AttributeValue::number(number(node));
      case NodeKind::kBoolean:
        return AttributeValue::boolean(node.truth);
      case NodeKind::kNull:
        return AttributeValue::null();
      case NodeKind::kParameter:
        if (depth > 1) check_nesting(depth - 1 + height(*parameters_[node.parameter]));
        return *parameters_[node.parameter];
      case NodeKind::kList:
        return list(node, depth);
      case NodeKind::kMap:
        return AttributeValue(map(node, depth));
      case NodeKind::kBag:
        return bag(node);
      default:
        refuse(node);
    }
  }

  AttributeValue::Map map(const Node& node, std::size_t depth) {
    AttributeValue::Map members;
    std::unordered_set<std::string_view> names;
    for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
      const Node& name = statement_.child(node, i);
      if (name.kind != NodeKind::kString) refuse(name);
      json::check_attribute_name(name.text);
      if (!names.insert(name.text).second) {
        // The error points at the name in an item, at the brace in a value. Source: recorded from DynamoDB Local.
        const Span where = depth == 0 ? name.where : Span{node.where.begin, node.where.begin + 1};
        throw_at("Duplicate keys in tuple. Key: " + std::string(name.text) + " under " + path_, statement_.text, where);
      }
      const std::size_t length = path_.size();
      if (depth > 0) path_.append(".").append(name.text);
      AttributeValue value = bind(statement_.child(node, i + 1), depth + 1);
      path_.resize(length);
      members.push_back({std::string(name.text), std::move(value)});
    }
    return members;
  }

 private:
  [[noreturn]] void refuse(const Node& node) const {
    const Span where = node.where;
    const std::string_view text = std::string_view(statement_.text).substr(where.begin, where.end - where.begin);
    throw_at("Unsupported data type: " + (node.kind == NodeKind::kCall ? lower_case(node.text) : std::string(text)) +
                 " under key " + path_,
             statement_.text, where);
  }

  core::Number number(const Node& node) const {
    try {
      return core::Number::parse_older(node.text);
    } catch (const core::ApiError& error) {
      throw_validation(error.message + " under " + path_);
    }
  }

  AttributeValue list(const Node& node, std::size_t depth) {
    AttributeValue::List elements;
    elements.reserve(node.children.size());
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      const std::size_t length = path_.size();
      path_.append("[").append(std::to_string(i)).append("]");
      elements.push_back(bind(statement_.child(node, i), depth + 1));
      path_.resize(length);
    }
    return AttributeValue(std::move(elements));
  }

  AttributeValue bag(const Node& node) const {
    if (node.children.empty()) throw_validation("Empty bags are not supported");
    const NodeKind kind = statement_.child(node, 0).kind;
    for (const NodeId child : node.children) {
      const Node& member = statement_.node(child);
      if ((kind == NodeKind::kString || kind == NodeKind::kNumber) && member.kind == kind) continue;
      throw_validation("Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags");
    }
    if (kind == NodeKind::kString) {
      AttributeValue::StringSet set;
      for (const NodeId child : node.children) set.members.emplace_back(statement_.node(child).text);
      order_members(node, set.members, ".");
      return AttributeValue(std::move(set));
    }
    AttributeValue::NumberSet set;
    for (const NodeId child : node.children) set.members.push_back(number(statement_.node(child)));
    order_members(node, set.members, "! under " + path_);
    return AttributeValue(std::move(set));
  }

  /// Sorts the members, as stored sets are sorted; throws if one is repeated.
  template <class Member>
  void order_members(const Node& node, std::vector<Member>& members, const std::string& ending) const {
    std::ranges::sort(members);
    if (std::ranges::adjacent_find(members) == members.end()) return;
    std::string printed;
    for (const NodeId child : node.children) {
      if (!printed.empty()) printed += ", ";
      printed += statement_.node(child).text;
    }
    throw_validation("One or more parameter values were invalid: Input collection [" + printed +
                     "] contains duplicates" + ending);
  }

  const Statement& statement_;
  const Parameters parameters_;
  std::string path_ = "root";
};

}  // namespace

core::AttributeValue read_parameter(const json::Value& wire) { return json::read_value(wire, json::kOlderRules); }

void check_parameters(const Statement& statement, Parameters parameters) {
  if (statement.parameter_count > parameters.size()) {
    throw_validation("Number of parameters in request and statement don't match.");
  }
}

bool is_value(const Node& node) {
  switch (node.kind) {
    case NodeKind::kString:
    case NodeKind::kNumber:
    case NodeKind::kBoolean:
    case NodeKind::kNull:
    case NodeKind::kParameter:
    case NodeKind::kList:
    case NodeKind::kMap:
    case NodeKind::kBag:
      return true;
    default:
      return false;
  }
}

expression::SharedValue bind_value(const Statement& statement, const Node& node, Parameters parameters) {
  if (node.kind == NodeKind::kParameter) return parameters[node.parameter];
  return std::make_shared<const AttributeValue>(Binder(statement, parameters).bind(node));
}

json::EncodedItem bind_item(const Statement& statement, Parameters parameters) {
  const Node& node = statement.node(statement.value);
  if (node.kind != NodeKind::kMap) throw_validation("Unsupported operation: Insert");
  const AttributeValue::Map item = Binder(statement, parameters).map(node, 0);
  json::EncodedItem encoded;
  encoded.json = "{";
  for (const core::MapMember& attribute : item) {
    if (encoded.json.size() > 1) encoded.json += ',';
    json::append_string(attribute.name, encoded.json);
    encoded.json += ':';
    json::append_value(attribute.value, encoded.json);
    encoded.size_bytes += attribute.name.size() + attribute.value.size_bytes();
  }
  encoded.json += '}';
  return encoded;
}

}  // namespace stator::partiql
