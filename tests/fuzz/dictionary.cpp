#include <cstdio>
#include <set>
#include <string>

#include "api/operations.h"

/// Writes the words of the shape table in libFuzzer's dictionary format.
namespace {

namespace shapes = stator::api::shapes;

void collect(const shapes::Shape& shape, std::set<std::string_view>& words) {
  for (const std::string_view value : shape.values) words.insert(value);
  for (const shapes::Member& member : shape.members) {
    words.insert(member.name);
    collect(*member.shape, words);
  }
  if (shape.element != nullptr) collect(*shape.element, words);
}

}  // namespace

int main() {
  std::set<std::string_view> words = {"S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"};
  for (const stator::api::Operation& operation : stator::api::kOperations) {
    words.insert(operation.name);
    collect(*operation.input, words);
  }
  for (const std::string_view word : words) {
    std::printf("\"\\\"%.*s\\\"\"\n", static_cast<int>(word.size()), word.data());
  }
  return 0;
}
