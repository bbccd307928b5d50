#include "model/document.h"

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>

#include "core/utf8.h"
#include "files/files.h"
#include "json/text_stream.h"
#include "json/writer.h"
#include "model/text.h"

namespace stator::model {
namespace {

using json::TextStream;

constexpr std::size_t kMaxFileBytes = 4 * 1024 * 1024;
constexpr std::size_t kMaxDepth = 64;

Place place_of(std::string_view text, std::size_t offset) {
  Place place;
  for (std::size_t i = 0; i < offset && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++place.line;
      place.column = 1;
    } else {
      ++place.column;
    }
  }
  return place;
}

/// Finds line and column of ascending offsets in one pass over the text.
class PlaceFinder {
 public:
  explicit PlaceFinder(std::string_view text) : text_(text) {}
  Place at(std::size_t offset) {
    for (; offset_ < offset && offset_ < text_.size(); ++offset_) {
      if (text_[offset_] == '\n') {
        ++place_.line;
        place_.column = 1;
      } else {
        ++place_.column;
      }
    }
    return place_;
  }

 private:
  std::string_view text_;
  std::size_t offset_ = 0;
  Place place_;
};

/// Builds the tree. The reader reports a value after reading it, so the start of a scalar is found by searching
/// backwards.
class TreeBuilder {
 public:
  TreeBuilder(const TextStream& stream, Node& root) : stream_(stream), places_(stream.text), root_(root) {}

  bool Null() { return add(NodeKind::kNull, scalar_start()) != nullptr; }
  bool Bool(bool value) {
    Node* node = add(NodeKind::kBoolean, scalar_start());
    if (node != nullptr) node->boolean = value;
    return node != nullptr;
  }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
    Node* node = add(NodeKind::kNumber, scalar_start());
    if (node != nullptr) node->text.assign(text, length);
    return node != nullptr;
  }
  // Numbers arrive as text (kParseNumbersAsStringsFlag); these functions complete the concept.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    Node* node = add(NodeKind::kString, string_start());
    if (node != nullptr) node->text.assign(text, length);
    return node != nullptr;
  }
  bool StartObject() { return open(NodeKind::kObject); }
  bool StartArray() { return open(NodeKind::kArray); }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    const Place place = places_.at(string_start());
    const std::string_view name(text, length);
    Node& object = *stack_.back();
    if (object.member(name) != nullptr) {
      fault_place = place;
      fault = "member " + shown(name) + " appears twice";
      return false;
    }
    object.members.push_back({std::string(name), place, {}});
    return true;
  }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool EndArray(rapidjson::SizeType) { return close(); }

  std::string fault;
  Place fault_place;

 private:
  [[nodiscard]] std::size_t scalar_start() const {
    std::size_t start = stream_.position;
    while (start > 0 && std::string_view(" \t\r\n,:[{").find(stream_.text[start - 1]) == std::string_view::npos)
      --start;
    return start;
  }
  [[nodiscard]] std::size_t string_start() const {
    std::size_t start = stream_.position - 1;  // the closing quote
    for (;;) {
      start = stream_.text.rfind('"', start - 1);
      std::size_t backslashes = 0;
      while (backslashes < start && stream_.text[start - 1 - backslashes] == '\\') ++backslashes;
      if (backslashes % 2 == 0) return start;
    }
  }
  Node* add(NodeKind kind, std::size_t offset) {
    Node* node = &root_;
    if (!stack_.empty()) {
      Node& parent = *stack_.back();
      node = parent.kind == NodeKind::kObject ? &parent.members.back().value : &parent.elements.emplace_back();
    }
    node->kind = kind;
    node->place = places_.at(offset);
    return node;
  }
  bool open(NodeKind kind) {
    if (stack_.size() >= kMaxDepth) {
      fault_place = places_.at(stream_.position);
      fault = "nested deeper than " + std::to_string(kMaxDepth) + " levels";
      return false;
    }
    // The iterative reader reports a container before it consumes the bracket.
    stack_.push_back(add(kind, stream_.position));
    return true;
  }
  bool close() {
    stack_.pop_back();
    return true;
  }

  const TextStream& stream_;
  PlaceFinder places_;
  Node& root_;
  // The address of an open container is stable: its parent grows only after it is closed.
  std::vector<Node*> stack_;
};

std::string_view kind_name(NodeKind kind) {
  switch (kind) {
    case NodeKind::kNull:
      return "null";
    case NodeKind::kBoolean:
      return "a boolean";
    case NodeKind::kNumber:
      return "a number";
    case NodeKind::kString:
      return "a string";
    case NodeKind::kArray:
      return "an array";
    case NodeKind::kObject:
      return "an object";
  }
  return "";
}

std::string found(const Node& node) {
  constexpr std::size_t kShown = 40;
  switch (node.kind) {
    case NodeKind::kBoolean:
      return node.boolean ? "true" : "false";
    case NodeKind::kNumber:
      return std::string(first_code_points(node.text, kShown));
    case NodeKind::kString:
      return shown(node.text, kShown);
    default:
      return std::string(kind_name(node.kind));
  }
}

}  // namespace

const Node* Node::member(std::string_view name) const {
  for (const NodeMember& candidate : members) {
    if (candidate.name == name) return &candidate.value;
  }
  return nullptr;
}

void append_json(const Node& node, std::string& out) {
  switch (node.kind) {
    case NodeKind::kNull:
      out += "null";
      return;
    case NodeKind::kBoolean:
      out += node.boolean ? "true" : "false";
      return;
    case NodeKind::kNumber:
      out += node.text;
      return;
    case NodeKind::kString:
      json::append_string(node.text, out);
      return;
    case NodeKind::kArray:
      out += '[';
      for (std::size_t i = 0; i < node.elements.size(); ++i) {
        if (i > 0) out += ',';
        append_json(node.elements[i], out);
      }
      out += ']';
      return;
    case NodeKind::kObject:
      out += '{';
      for (std::size_t i = 0; i < node.members.size(); ++i) {
        if (i > 0) out += ',';
        json::append_string(node.members[i].name, out);
        out += ':';
        append_json(node.members[i].value, out);
      }
      out += '}';
      return;
  }
}

std::string to_json(const Node& node) {
  std::string out;
  append_json(node, out);
  return out;
}

Document Document::read(const std::filesystem::path& file) {
  if (const auto inside = files::built_in(file)) return parse(file.string(), *inside);
  std::ifstream in(file, std::ios::binary);
  const auto throw_unreadable = [&file] {
    throw ModelError("cannot read " + file.string() + ": " + std::strerror(errno));
  };
  if (!in) throw_unreadable();
  std::string text;
  text.resize(kMaxFileBytes + 1);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad()) throw_unreadable();
  if (text.size() > kMaxFileBytes) throw ModelError(file.string() + ": larger than 4 MB");
  return parse(file.string(), text);
}

Document Document::parse(std::string file, std::string_view text) {
  text = core::without_byte_order_mark(text);
  Document document;
  document.file_ = std::move(file);
  if (text.find('\0') != std::string_view::npos) document.fail(place_of(text, text.find('\0')), "a NUL byte");
  TextStream stream{text};
  TreeBuilder builder(stream, document.root_);
  rapidjson::Reader reader;
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseValidateEncodingFlag;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, builder);
  if (!builder.fault.empty()) document.fail(builder.fault_place, builder.fault);
  if (result.IsError()) {
    document.fail(place_of(text, result.Offset()),
                  std::string("not JSON: ") + rapidjson::GetParseError_En(result.Code()));
  }
  return document;
}

void Document::fail(Place place, const std::string& what) const {
  throw ModelError(file_ + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) + ": " + what);
}

void Document::fail_expected(const Node& node, const std::string& what) const {
  fail(node.place, "expected " + what + ", found " + found(node));
}

void Document::require_kind(const Node& node, NodeKind kind, std::string_view what) const {
  if (node.kind == kind) return;
  fail_expected(node, std::string(kind_name(kind)) + (what.empty() ? "" : " for " + std::string(what)));
}

const Node& Document::require(const Node& object, std::string_view name, NodeKind kind) const {
  require_kind(object, NodeKind::kObject, "");
  const Node* node = object.member(name);
  if (node == nullptr)
    fail(object.place, "expected a member \"" + std::string(name) + "\" (" + std::string(kind_name(kind)) + ")");
  require_kind(*node, kind, name);
  return *node;
}

const Node* Document::optional(const Node& object, std::string_view name, NodeKind kind) const {
  require_kind(object, NodeKind::kObject, "");
  const Node* node = object.member(name);
  if (node != nullptr) require_kind(*node, kind, name);
  return node;
}

std::string Document::optional_string(const Node& object, std::string_view name) const {
  const Node* node = optional(object, name, NodeKind::kString);
  return node == nullptr ? std::string() : node->text;
}

bool Document::optional_boolean(const Node& object, std::string_view name, bool otherwise) const {
  const Node* node = optional(object, name, NodeKind::kBoolean);
  return node == nullptr ? otherwise : node->boolean;
}

std::int64_t Document::optional_integer(const Node& object, std::string_view name, std::int64_t otherwise,
                                        std::int64_t least, std::int64_t most) const {
  const Node* node = optional(object, name, NodeKind::kNumber);
  if (node == nullptr) return otherwise;
  std::int64_t value = 0;
  const char* end = node->text.data() + node->text.size();
  const auto [stop, fault] = std::from_chars(node->text.data(), end, value);
  if (fault != std::errc() || stop != end || value < least || value > most) {
    fail_expected(*node, "an integer from " + std::to_string(least) + " to " + std::to_string(most) + " for " +
                             std::string(name));
  }
  return value;
}

void Document::allow_only(const Node& object, std::initializer_list<std::string_view> known) const {
  require_kind(object, NodeKind::kObject, "");
  for (const NodeMember& member : object.members) {
    bool is_known = false;
    for (const std::string_view name : known) is_known = is_known || name == member.name;
    if (is_known) continue;
    fail(member.place, unknown_member(member.name, std::span(known.begin(), known.size())));
  }
}

}  // namespace stator::model
