#include "cache/options.h"

#include <array>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace stator::cache {
namespace {

constexpr std::array<std::string_view, kReadKinds> kNames = {"GetItem", "Query", "Scan"};
constexpr double kMostSeconds = 30.0 * 24 * 3600;

}  // namespace

std::string_view read_kind_name(ReadKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

std::optional<ReadKind> read_kind_from(std::string_view name) {
  if (name == "BatchGetItem") return ReadKind::kItem;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<ReadKind>(i);
  }
  return std::nullopt;
}

void Lifetimes::set(std::string_view text) {
  const std::size_t equals = text.rfind('=');
  const std::string_view what = equals == std::string_view::npos ? std::string_view() : text.substr(0, equals);
  const std::string_view number = equals == std::string_view::npos ? text : text.substr(equals + 1);
  double seconds = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), seconds);
  if (error != std::errc() || end != number.data() + number.size() || !(seconds >= 0 && seconds <= kMostSeconds)) {
    throw std::invalid_argument("\"" + std::string(number) + "\" is not a number of seconds from 0 to 2592000");
  }
  std::string name(what);
  const std::size_t slash = what.rfind('/');
  if (slash != std::string_view::npos) {
    const auto kind = read_kind_from(what.substr(slash + 1));
    if (!kind || slash == 0) {
      throw std::invalid_argument("\"" + std::string(what) +
                                  "\" is not TABLE/OPERATION with GetItem, Query or Scan as the operation");
    }
    name = std::string(what.substr(0, slash + 1)) + std::string(read_kind_name(*kind));
  } else if (const auto kind = read_kind_from(what)) {
    name = std::string("/") + std::string(read_kind_name(*kind));
  } else if (equals == 0) {
    throw std::invalid_argument("\"" + std::string(text) + "\" names nothing before the =");
  }
  lifetimes_[name] = std::llround(seconds * 1000);
}

std::int64_t Lifetimes::of(std::string_view table, ReadKind kind) const {
  const std::string of_kind = std::string("/") + std::string(read_kind_name(kind));
  for (const std::string& name : {std::string(table) + of_kind, std::string(table), of_kind, std::string()}) {
    const auto found = lifetimes_.find(name);
    if (found != lifetimes_.end()) return found->second;
  }
  return kDefaultMs;
}

}  // namespace stator::cache
