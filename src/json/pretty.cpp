#include <rapidjson/reader.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/api_error.h"
#include "core/hexadecimal.h"
#include "json/writer.h"

namespace stator::json {
namespace {

constexpr std::size_t kMaxDepth = 1000;

/// One JSON value; numbers and literals keep their text.
struct Node {
  enum class Kind : std::uint8_t { kLiteral, kString, kArray, kObject };
  Kind kind = Kind::kLiteral;
  std::string name;  // if the parent is an object
  std::string text;
  std::vector<Node> children;
};

/// RapidJSON's handler concept: builds the tree.
class TreeBuilder {
 public:
  bool Null() { return add({Node::Kind::kLiteral, {}, "null", {}}); }
  bool Bool(bool value) { return add({Node::Kind::kLiteral, {}, value ? "true" : "false", {}}); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    return add({Node::Kind::kLiteral, {}, std::string(text, size), {}});
  }
  bool String(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    return add({Node::Kind::kString, {}, std::string(text, size), {}});
  }
  bool Key(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    name_.assign(text, size);
    return true;
  }
  bool StartObject() { return open(Node::Kind::kObject); }
  bool StartArray() { return open(Node::Kind::kArray); }
  bool EndObject(rapidjson::SizeType /*members*/) { return close(); }
  bool EndArray(rapidjson::SizeType /*elements*/) { return close(); }
  // Never called: numbers are passed as text.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

  Node root;

 private:
  bool add(Node node) {
    node.name = std::move(name_);
    name_.clear();
    (open_.empty() ? root : open_.back().children.emplace_back()) = std::move(node);
    return true;
  }
  bool open(Node::Kind kind) {
    open_.push_back({kind, std::move(name_), {}, {}});
    name_.clear();
    return open_.size() <= kMaxDepth;
  }
  bool close() {
    Node node = std::move(open_.back());
    open_.pop_back();
    name_ = std::move(node.name);
    return add(std::move(node));
  }

  std::vector<Node> open_;
  std::string name_;
};

void append_unit(unsigned unit, std::string& out) {
  out += "\\u";
  core::append_hexadecimal(static_cast<std::uint16_t>(unit), out);
}

/// Appends a JSON string with DEL and all non-ASCII characters as UTF-16 escapes.
void append_ascii_string(std::string_view text, std::string& out) {
  std::string minimal;
  append_string(text, minimal);
  for (std::size_t i = 0; i < minimal.size();) {
    const auto lead = static_cast<unsigned char>(minimal[i]);
    if (lead < 0x7F) {
      out.push_back(minimal[i++]);
      continue;
    }
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    unsigned code = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t k = 1; k < length; ++k) {
      code = code << 6 | (static_cast<unsigned char>(minimal[i + k]) & 0x3FU);
    }
    i += length;
    if (code >= 0x10000) {
      append_unit(0xD800 + ((code - 0x10000) >> 10), out);
      code = 0xDC00 + ((code - 0x10000) & 0x3FF);
    }
    append_unit(code, out);
  }
}

class Printer {
 public:
  Printer(bool sort_keys, std::string& out) : sort_keys_(sort_keys), out_(out) {}

  void print(Node& node, std::size_t level) {
    switch (node.kind) {
      case Node::Kind::kLiteral:
        out_ += node.text;
        return;
      case Node::Kind::kString:
        print_string(node.text);
        return;
      case Node::Kind::kArray:
        print_children(node, level, '[', ']');
        return;
      case Node::Kind::kObject:
        if (sort_keys_) {
          sort(node.children);
        }
        print_children(node, level, '{', '}');
        return;
    }
  }

 private:
  /// Sorts by name; the order of UTF-8 bytes is that of code points. If a name is repeated, the last one counts.
  static void sort(std::vector<Node>& members) {
    std::stable_sort(members.begin(), members.end(), [](const Node& a, const Node& b) { return a.name < b.name; });
    const auto new_begin =
        std::unique(members.rbegin(), members.rend(), [](const Node& a, const Node& b) { return a.name == b.name; });
    members.erase(members.begin(), new_begin.base());
  }

  void print_string(std::string_view text) {
    if (sort_keys_) {
      append_ascii_string(text, out_);
    } else {
      append_string(text, out_);
    }
  }

  void print_children(Node& node, std::size_t level, char open, char close) {
    out_ += open;
    bool first = true;
    for (Node& child : node.children) {
      out_ += first ? "\n" : ",\n";
      first = false;
      out_.append(2 * (level + 1), ' ');
      if (node.kind == Node::Kind::kObject) {
        print_string(child.name);
        out_ += ": ";
      }
      print(child, level + 1);
    }
    if (!first) {
      out_ += '\n';
      out_.append(2 * level, ' ');
    }
    out_ += close;
  }

  bool sort_keys_;
  std::string& out_;
};

}  // namespace

std::string pretty(std::string_view text, bool sort_keys) {
  constexpr unsigned kFlags =
      rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  TreeBuilder builder;
  rapidjson::Reader reader;
  const std::string terminated(text);
  rapidjson::StringStream stream(terminated.c_str());
  if (reader.Parse<kFlags>(stream, builder).IsError() || stream.Tell() != terminated.size()) {
    core::throw_serialization("not JSON, or nested too deeply");
  }
  std::string out;
  Printer(sort_keys, out).print(builder.root, 0);
  return out;
}

}  // namespace stator::json
