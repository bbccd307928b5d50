#include "api/generated/requests.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "api/generated/answer.h"
#include "api/generated/child_run.h"
#include "api/generated/places.h"
#include "api/generated/prepared_tables.h"
#include "core/json_string.h"

namespace stator::api::generated {

using shapes::Kind;
using shapes::Pattern;
using shapes::Rule;
using shapes::Shape;

namespace {

const JsonTree& rows() {
  static const JsonTree kRows = [] {
    std::ifstream file(STATOR_GENERATED_REQUESTS, std::ios::binary);
    return JsonTree::parse(std::string(std::istreambuf_iterator<char>(file), {}));
  }();
  return kRows;
}

std::string pattern_example(Pattern pattern) {
  switch (pattern) {
    case Pattern::kAccountId:
      return "012345678901";
    case Pattern::kCsvDelimiter:
      return ";";
    case Pattern::kRoleArn:
      return "arn:aws:iam::012345678901:role/scaling";
    default:
      return "abc";
  }
}

std::string string_example(const Shape& shape) {
  if (!shape.values.empty()) return std::string(shape.values.front());
  if (shape.rule != Rule::kNone) return "probe";
  std::string text = pattern_example(shape.pattern);
  if (std::cmp_less(text.size(), shape.min_length)) text.resize(static_cast<std::size_t>(shape.min_length), 'a');
  if (std::cmp_greater(text.size(), shape.max_length)) text.resize(static_cast<std::size_t>(shape.max_length));
  return text;
}

JsonTree scalar(std::string_view text) {
  std::string quoted;
  core::append_json_string(text, quoted);
  return JsonTree::raw(std::move(quoted));
}

JsonTree example(const Shape& shape) {
  JsonTree tree;
  switch (shape.kind) {
    case Kind::kString:
      return scalar(string_example(shape));
    case Kind::kBoolean:
      return JsonTree::raw("false");
    case Kind::kInteger:
    case Kind::kLong:
      return JsonTree::raw(std::to_string(std::max<std::int64_t>(shape.min_value, 1)));
    case Kind::kDouble:
      return JsonTree::raw("0.5");
    case Kind::kTimestamp:
      return JsonTree::raw("1700000000");
    case Kind::kAttributeValue:
      return JsonTree::parse(R"({"S":"a"})");
    case Kind::kList:
      tree.kind = JsonTree::Kind::kArray;
      tree.elements.resize(static_cast<std::size_t>(std::max<std::int64_t>(shape.min_length, 1)),
                           example(*shape.element));
      return tree;
    case Kind::kMap:
      tree.kind = JsonTree::Kind::kObject;
      tree.members.push_back({"probe", example(*shape.element)});
      return tree;
    case Kind::kStructure:
      tree.kind = JsonTree::Kind::kObject;
      for (const auto& member : shape.members)
        tree.members.push_back({std::string(member.name), example(*member.shape)});
      return tree;
  }
  return tree;
}

void append_member_paths(const Shape& shape, const std::string& path, std::vector<std::string>& out) {
  switch (shape.kind) {
    case Kind::kStructure:
      for (const auto& member : shape.members) {
        const std::string inner = path.empty() ? std::string(member.name) : path + "." + std::string(member.name);
        out.push_back(inner);
        append_member_paths(*member.shape, inner, out);
      }
      return;
    case Kind::kList:
    case Kind::kMap:
      append_member_paths(*shape.element, path + ".*", out);
      return;
    default:
      return;
  }
}

}  // namespace

std::vector<JsonTree> valid_requests_of(std::string_view operation) {
  for (const auto& [name, requests] : rows().members) {
    if (name == operation) return requests.elements;
  }
  return {};
}

std::vector<JsonTree> requests_of(const Operation& operation) {
  std::vector<JsonTree> requests = valid_requests_of(operation.name);
  requests.push_back(example(*operation.input));
  return requests;
}

namespace {

std::vector<std::string> names_under(std::string_view row) {
  std::vector<std::string> names;
  for (const JsonTree& name : valid_requests_of(row)) names.push_back(name.text.substr(1, name.text.size() - 2));
  return names;
}

}  // namespace

std::vector<std::string> refused_members() { return names_under("refused members"); }

std::vector<std::string> refused_operations() { return names_under("refused operations"); }

std::vector<std::string> member_paths(const Operation& operation) {
  std::vector<std::string> paths;
  append_member_paths(*operation.input, "", paths);
  return paths;
}

std::vector<std::string> member_paths(const Operation& operation, const JsonTree& request) {
  std::vector<std::string> paths;
  for (const Place& place : places_of(operation, request)) {
    if (place.is_member) paths.push_back(place.general_name);
  }
  return paths;
}

}  // namespace stator::api::generated
