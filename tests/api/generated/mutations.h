#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "api/generated/json_tree.h"

namespace stator::api::generated {

/// One way to make a value invalid, given the object or array that holds it and its position in it.
struct Mutation {
  std::string name;
  std::function<void(JsonTree& parent, std::size_t at)> apply;
};

/// Missing, null, given twice, of every wrong kind, of awkward lengths.
const std::vector<Mutation>& small_mutations();

/// Gives a name twice; the answer must be the same as to the last value alone.
struct Repetition {
  std::function<void(JsonTree& parent, std::size_t at)> twice;
  std::function<void(JsonTree& parent, std::size_t at)> last_alone;
};

/// The value followed by null or any kind of JSON, and the reverse order.
const std::vector<Repetition>& repetitions();

/// A way to make a value large; `count` is the number of characters, digits, levels, elements or members.
struct Growth {
  std::string name;
  std::function<void(JsonTree& parent, std::size_t at, std::size_t count)> apply;
};

/// Long strings and numbers, deep nesting, many elements, many members.
const std::vector<Growth>& growths();

}  // namespace stator::api::generated
