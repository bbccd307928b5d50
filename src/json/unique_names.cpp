#include "json/unique_names.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <numeric>
#include <vector>

#include "json/writer.h"

namespace stator::json {
namespace {

/// Up to this many members, comparing all pairs is faster than sorting.
constexpr std::size_t kFewMembers = 16;

using Names = boost::container::small_vector<std::string_view, kFewMembers>;

/// Compares the length and the last letter first, as most names of one object differ in these.
bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && (a.empty() || (a.back() == b.back() && a == b));
}

Names names_of(const Object& object) {
  Names names;
  for (const auto [name, value] : object) names.push_back(name);
  return names;
}

/// Calls `replaced(i)` for each name that occurs again further on.
template <class Replaced>
void for_each_replaced(const Names& names, Replaced replaced) {
  if (names.size() <= kFewMembers) {
    for (std::size_t i = 0; i + 1 < names.size(); ++i) {
      const auto is_same = [&](std::string_view later) { return same_name(names[i], later); };
      if (std::any_of(names.begin() + static_cast<std::ptrdiff_t>(i) + 1, names.end(), is_same)) replaced(i);
    }
    return;
  }
  std::vector<std::size_t> order(names.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // Sorts by length first, as most names differ in that.
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (names[a].size() != names[b].size()) return names[a].size() < names[b].size();
    const int by_name = names[a].compare(names[b]);
    return by_name == 0 ? a < b : by_name < 0;
  });
  for (std::size_t i = 0; i + 1 < order.size(); ++i) {
    if (names[order[i]] == names[order[i + 1]]) replaced(order[i]);
  }
}

void append_object(const Object& object, std::string& out) {
  std::vector<bool> replaced(object.size());
  for_each_replaced(names_of(object), [&](std::size_t i) { replaced[i] = true; });
  out += '{';
  bool first = true;
  std::size_t at = 0;
  for (const auto [name, value] : object) {
    if (replaced[at++]) continue;
    if (!first) out += ',';
    first = false;
    append_string(name, out);
    out += ':';
    append_without_repeated(value, out);
  }
  out += '}';
}

/// Check this before recursing: most values of a request are texts.
bool is_container(const Value& value) { return value.is_object() || value.is_array(); }

}  // namespace

bool repeats_name(const Object& object) {
  if (object.size() > kFewMembers) {
    bool repeated = false;
    for_each_replaced(names_of(object), [&](std::size_t) { repeated = true; });
    return repeated;
  }
  for (auto one = object.begin(); one != object.end(); ++one) {
    const std::string_view name = one.key();
    auto other = one;
    for (++other; other != object.end(); ++other) {
      if (other.key_length() == name.size() && other.key() == name) return true;
    }
  }
  return false;
}

bool has_repeated_name(const Value& root) {
  switch (root.type()) {
    case simdjson::dom::element_type::OBJECT: {
      const Object object = root.get_object().value_unsafe();
      std::size_t count = 0;
      const auto end = object.end();
      for (auto member = object.begin(); member != end; ++member) {
        ++count;
        const Value value = member.value();
        if (is_container(value) && has_repeated_name(value)) return true;
      }
      return count > 1 && repeats_name(object);
    }
    case simdjson::dom::element_type::ARRAY:
      for (const Value element : Array(root)) {
        if (is_container(element) && has_repeated_name(element)) return true;
      }
      return false;
    default:
      return false;
  }
}

void append_without_repeated(const Value& root, std::string& out) {
  if (root.is_object()) {
    append_object(Object(root), out);
  } else if (root.is_array()) {
    out += '[';
    bool first = true;
    for (const Value element : Array(root)) {
      if (!first) out += ',';
      first = false;
      append_without_repeated(element, out);
    }
    out += ']';
  } else if (root.is_string()) {
    append_string(std::string_view(root), out);
  } else {
    out += simdjson::minify(root);
  }
}

}  // namespace stator::json
