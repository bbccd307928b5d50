#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "model/document.h"

namespace stator::model {

/// Text with placeholders: "MSG#${message-group}". "$${" stands for a literal "${".
class Template {
 public:
  struct Segment {
    std::string literal;
    /// The name of the value that follows the literal; empty at the end.
    std::string name;
  };

  Template() = default;
  /// Throws a std::invalid_argument that says what is wrong (a "${" that is not closed, an empty name).
  explicit Template(std::string_view text);

  [[nodiscard]] const std::vector<Segment>& segments() const { return segments_; }
  /// Whether the whole text is one placeholder.
  [[nodiscard]] bool is_single_name() const;

  using Lookup = std::function<std::string(const std::string& name)>;
  [[nodiscard]] std::string fill(const Lookup& lookup) const;

 private:
  std::vector<Segment> segments_;
};

/// An item with placeholders, {"pk": {"S": "MSG#${group}"}, …}, compiled for writing many. Escapes the values filled in
/// for JSON.
class ItemTemplate {
 public:
  ItemTemplate() = default;
  /// Throws ModelError, with the position, if an attribute is not a wire value or a placeholder is not in `names`.
  ItemTemplate(const Document& document, const Node& item, const std::vector<std::string>& names);

  /// Appends the item as JSON; `values` in the order of `names`.
  void append(const std::vector<std::string_view>& values, std::string& out) const;
  [[nodiscard]] bool empty() const { return parts_.empty(); }

 private:
  struct Part {
    std::string literal;
    std::size_t value = 0;
    bool has_value = false;
  };
  void add_json(const Document& document, const Node& node, const std::vector<std::string>& names);
  void add_string(const Document& document, const Node& node, const std::vector<std::string>& names);
  std::string& open_literal();

  std::vector<Part> parts_;
};

/// Reads a node's text as a template; throws ModelError with the position.
Template read_template(const Document& document, const Node& node);

/// Throws ModelError, with the position, unless `node` is a wire attribute value ({"S": "…"}), at every depth.
void require_attribute_value(const Document& document, const Node& node);

}  // namespace stator::model
