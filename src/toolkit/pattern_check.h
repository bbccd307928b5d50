#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "endpoint/endpoint.h"
#include "model/model.h"

namespace stator::toolkit {

/// The result of `patterns check` for one pattern.
struct PatternVerdict {
  std::string model;
  std::string pattern;
  /// "--from --to" for the variant that these options select; empty for the pattern's own example.
  std::string variant;
  std::size_t items = 0;
  double capacity = 0;
  double budget = 0;
  /// For a pattern with "cache": how long replies are cached, and the capacity units that a hit saves.
  std::optional<std::int64_t> cache_ttl_s;
  double saved = 0;
  /// Empty if the pattern passed; else why it did not: "scans", "over budget", "returns nothing", "returns 3 items,
  /// fewer than 20", "a cache would not answer it", or an error.
  std::string fault;
};

/// Makes an empty database in memory. Called for each pattern, so that none sees the writes of another.
using DatabaseFactory = std::function<std::unique_ptr<endpoint::Endpoint>()>;
std::unique_ptr<endpoint::Endpoint> open_in_memory();

/// Runs every pattern of every model, and each of its variants, with the example given for it, on a fresh, seeded
/// database.
std::vector<PatternVerdict> check_patterns(const std::vector<model::Model>& models,
                                           const DatabaseFactory& make = open_in_memory);

}  // namespace stator::toolkit
