#include "model/text.h"

#include <algorithm>
#include <vector>

#include "json/writer.h"

namespace stator::model {
namespace {

/// The smallest number of insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t position = 0; position < text.size(); ++count) next_code_point(text, position);
  return count;
}

std::string_view first_code_points(std::string_view text, std::size_t count) {
  std::size_t position = 0;
  for (std::size_t seen = 0; seen < count && position < text.size(); ++seen) next_code_point(text, position);
  return text.substr(0, position);
}

std::string shown(std::string_view text, std::size_t count) {
  std::string out;
  json::append_string(first_code_points(text, count), out);
  return out;
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  constexpr std::size_t kLongestWord = 64;
  if (word.size() > kLongestWord) return {};
  std::string_view best;
  std::size_t best_distance = 0;
  for (const std::string_view candidate : candidates) {
    if (!word.empty() && candidate.starts_with(word) && word.size() >= 3 && best.empty()) {
      best = candidate;
      best_distance = 2;
      continue;
    }
    const std::size_t distance = edit_distance(word, candidate);
    if (distance <= std::max<std::size_t>(1, candidate.size() / 3) && (best.empty() || distance < best_distance)) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string unknown_member(std::string_view name, std::span<const std::string_view> known) {
  const std::string_view guess = nearest(name, known);
  std::string list;
  for (const std::string_view each : known) list += (list.empty() ? "" : ", ") + std::string(each);
  return "unknown member " + shown(name) +
         (guess.empty() ? "; known here: " + list : "; did you mean \"" + std::string(guess) + "\"?");
}

}  // namespace stator::model
