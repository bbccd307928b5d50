#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// The JSON files of a model as trees with the position of each value, so that messages can name line and column.
namespace stator::model {

/// Counted from 1. Columns count bytes.
struct Place {
  std::size_t line = 1;
  std::size_t column = 1;
};

/// A mistake in a model: "models/m/patterns/p.json:12:5: expected …, found …". One line.
struct ModelError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class NodeKind : std::uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };

struct NodeMember;

/// One JSON value.
struct Node {
  NodeKind kind = NodeKind::kNull;
  bool boolean = false;
  /// A string's content, or a number as it was written.
  std::string text;
  std::vector<Node> elements;
  std::vector<NodeMember> members;
  Place place;

  /// The member of that name; null if this is not an object or has no such member.
  [[nodiscard]] const Node* member(std::string_view name) const;
};

struct NodeMember {
  std::string name;
  Place place;
  Node value;
};

/// A node as compact JSON text.
void append_json(const Node& node, std::string& out);
std::string to_json(const Node& node);

/// One file and its tree. The checking functions throw ModelError naming the file and the node's place.
class Document {
 public:
  /// Reads a file of at most 4 MB. Duplicate members, more than 64 levels and malformed UTF-8 are mistakes.
  static Document read(const std::filesystem::path& file);
  /// The same for a text, which messages call `file`.
  static Document parse(std::string file, std::string_view text);

  [[nodiscard]] const Node& root() const { return root_; }
  [[nodiscard]] const std::string& file() const { return file_; }

  [[noreturn]] void fail(Place place, const std::string& what) const;
  /// "expected `what`, found …".
  [[noreturn]] void fail_expected(const Node& node, const std::string& what) const;
  void require_kind(const Node& node, NodeKind kind, std::string_view what) const;
  /// Returns a member, which must exist and be of that kind.
  [[nodiscard]] const Node& require(const Node& object, std::string_view name, NodeKind kind) const;
  /// Returns a member, which must be of that kind; null if it is absent.
  [[nodiscard]] const Node* optional(const Node& object, std::string_view name, NodeKind kind) const;
  [[nodiscard]] std::string optional_string(const Node& object, std::string_view name) const;
  [[nodiscard]] bool optional_boolean(const Node& object, std::string_view name, bool otherwise) const;
  [[nodiscard]] std::int64_t optional_integer(const Node& object, std::string_view name, std::int64_t otherwise,
                                              std::int64_t least, std::int64_t most) const;
  /// Throws for members that are not in `known`, suggesting the nearest name.
  void allow_only(const Node& object, std::initializer_list<std::string_view> known) const;

 private:
  std::string file_;
  Node root_;
};

}  // namespace stator::model
