#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "api/generated/json_tree.h"

namespace stator::api::generated {

/// One way to spoil a value, given the object or array that holds it and its position there.
struct Mutation {
  std::string name;
  std::function<void(JsonTree& parent, std::size_t at)> apply;
};

/// Missing, null, given twice, of every wrong kind, of awkward lengths.
const std::vector<Mutation>& small_mutations();

/// A name given twice, and what that must come to.
struct Repetition {
  std::function<void(JsonTree& parent, std::size_t at)> twice;
  std::function<void(JsonTree& parent, std::size_t at)> last_alone;
};

/// The value first, then null and every kind of JSON; and the other way round.
const std::vector<Repetition>& repetitions();

/// A way to make a value large; `count` is the number of characters, digits, levels, elements or members.
struct Growth {
  std::string name;
  std::function<void(JsonTree& parent, std::size_t at, std::size_t count)> apply;
};

/// Long strings and numbers, deep nesting, many elements, many members.
const std::vector<Growth>& growths();

}  // namespace stator::api::generated
