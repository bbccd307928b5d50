#include "model/template.h"

#include <algorithm>
#include <stdexcept>

#include "json/writer.h"

namespace stator::model {
namespace {

/// A JSON string's content without its quotes.
void append_escaped(std::string_view text, std::string& out) {
  const std::size_t start = out.size();
  json::append_string(text, out);
  out.erase(start, 1);
  out.pop_back();
}

void require_strings(const Document& document, const Node& node) {
  document.require_kind(node, NodeKind::kArray, "a set");
  for (const Node& element : node.elements) document.require_kind(element, NodeKind::kString, "a set's member");
}

}  // namespace

Template::Template(std::string_view text) {
  Segment segment;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    segment.literal += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar);
    if (text.starts_with("$${")) {
      segment.literal += "${";
      text.remove_prefix(3);
    } else if (text.starts_with("${")) {
      const std::size_t end = text.find('}');
      if (end == std::string_view::npos) throw std::invalid_argument("expected a } after ${");
      if (end == 2) throw std::invalid_argument("expected a name in ${}");
      segment.name = text.substr(2, end - 2);
      segments_.push_back(std::move(segment));
      segment = {};
      text.remove_prefix(end + 1);
    } else {
      segment.literal += '$';
      text.remove_prefix(1);
    }
  }
  if (!segment.literal.empty()) segments_.push_back(std::move(segment));
}

bool Template::is_single_name() const {
  return segments_.size() == 1 && segments_[0].literal.empty() && !segments_[0].name.empty();
}

std::string Template::fill(const Lookup& lookup) const {
  std::string out;
  for (const Segment& segment : segments_) {
    out += segment.literal;
    if (!segment.name.empty()) out += lookup(segment.name);
  }
  return out;
}

Template read_template(const Document& document, const Node& node) {
  document.require_kind(node, NodeKind::kString, "");
  try {
    return Template(node.text);
  } catch (const std::invalid_argument& fault) {
    document.fail(node.place, fault.what());
  }
}

void require_attribute_value(const Document& document, const Node& node) {
  if (node.kind != NodeKind::kObject || node.members.size() != 1)
    document.fail_expected(node, "an attribute value with one type, such as {\"S\": \"text\"}");
  const NodeMember& member = node.members[0];
  const std::string& type = member.name;
  if (type == "S" || type == "N" || type == "B") {
    document.require_kind(member.value, NodeKind::kString, type);
  } else if (type == "SS" || type == "NS" || type == "BS") {
    require_strings(document, member.value);
  } else if (type == "BOOL" || type == "NULL") {
    document.require_kind(member.value, NodeKind::kBoolean, type);
  } else if (type == "L") {
    document.require_kind(member.value, NodeKind::kArray, "L");
    for (const Node& element : member.value.elements) require_attribute_value(document, element);
  } else if (type == "M") {
    document.require_kind(member.value, NodeKind::kObject, "M");
    for (const NodeMember& inner : member.value.members) require_attribute_value(document, inner.value);
  } else {
    document.fail(member.place,
                  "expected an attribute type (S, N, B, SS, NS, BS, M, L, BOOL, NULL), found \"" + type + "\"");
  }
}

ItemTemplate::ItemTemplate(const Document& document, const Node& item, const std::vector<std::string>& names) {
  document.require_kind(item, NodeKind::kObject, "an item");
  for (const NodeMember& attribute : item.members) require_attribute_value(document, attribute.value);
  add_json(document, item, names);
}

std::string& ItemTemplate::open_literal() {
  if (parts_.empty() || parts_.back().has_value) parts_.emplace_back();
  return parts_.back().literal;
}

void ItemTemplate::add_json(const Document& document, const Node& node, const std::vector<std::string>& names) {
  switch (node.kind) {
    case NodeKind::kObject:
      open_literal() += '{';
      for (std::size_t i = 0; i < node.members.size(); ++i) {
        if (i > 0) open_literal() += ',';
        json::append_string(node.members[i].name, open_literal());
        open_literal() += ':';
        add_json(document, node.members[i].value, names);
      }
      open_literal() += '}';
      return;
    case NodeKind::kArray:
      open_literal() += '[';
      for (std::size_t i = 0; i < node.elements.size(); ++i) {
        if (i > 0) open_literal() += ',';
        add_json(document, node.elements[i], names);
      }
      open_literal() += ']';
      return;
    case NodeKind::kString:
      return add_string(document, node, names);
    default:
      append_json(node, open_literal());
  }
}

void ItemTemplate::add_string(const Document& document, const Node& node, const std::vector<std::string>& names) {
  open_literal() += '"';
  const Template text = read_template(document, node);
  for (const Template::Segment& segment : text.segments()) {
    append_escaped(segment.literal, open_literal());
    if (segment.name.empty()) continue;
    const auto found = std::find(names.begin(), names.end(), segment.name);
    if (found == names.end()) {
      std::string list;
      for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
      document.fail(node.place, "unknown value ${" + segment.name + "}; known here: " + list);
    }
    open_literal();
    parts_.back().value = static_cast<std::size_t>(found - names.begin());
    parts_.back().has_value = true;
  }
  open_literal() += '"';
}

void ItemTemplate::append(const std::vector<std::string_view>& values, std::string& out) const {
  for (const Part& part : parts_) {
    out += part.literal;
    if (part.has_value) append_escaped(values[part.value], out);
  }
}

}  // namespace stator::model
