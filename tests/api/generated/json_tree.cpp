#include "api/generated/json_tree.h"

#include <simdjson.h>

#include <stdexcept>

#include "core/json_string.h"

namespace stator::api::generated {

namespace {

JsonTree tree_of(const simdjson::dom::element& value) {
  JsonTree tree;
  if (value.is_object()) {
    tree.kind = JsonTree::Kind::kObject;
    for (const auto field : simdjson::dom::object(value)) {
      tree.members.push_back({std::string(field.key), tree_of(field.value)});
    }
  } else if (value.is_array()) {
    tree.kind = JsonTree::Kind::kArray;
    for (const auto element : simdjson::dom::array(value)) tree.elements.push_back(tree_of(element));
  } else {
    tree.text = simdjson::minify(value);
  }
  return tree;
}

void append(const JsonTree& tree, std::string& out) {
  switch (tree.kind) {
    case JsonTree::Kind::kText:
      out += tree.text;
      return;
    case JsonTree::Kind::kObject: {
      out += '{';
      bool first = true;
      for (const auto& [name, value] : tree.members) {
        if (!first) out += ',';
        first = false;
        core::append_json_string(name, out);
        out += ':';
        append(value, out);
      }
      out += '}';
      return;
    }
    case JsonTree::Kind::kArray: {
      out += '[';
      bool first = true;
      for (const JsonTree& element : tree.elements) {
        if (!first) out += ',';
        first = false;
        append(element, out);
      }
      out += ']';
      return;
    }
  }
}

}  // namespace

JsonTree JsonTree::parse(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    throw std::runtime_error("not JSON: " + std::string(json.substr(0, 200)));
  }
  return tree_of(root);
}

JsonTree JsonTree::raw(std::string text) {
  JsonTree tree;
  tree.text = std::move(text);
  return tree;
}

std::string JsonTree::text_of() const {
  std::string out;
  append(*this, out);
  return out;
}

}  // namespace stator::api::generated
