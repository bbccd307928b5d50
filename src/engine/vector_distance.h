#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/table.h"

namespace stator::engine {

/// Compares stored vectors with one that is searched for. Sums are in double precision, so that a score is the
/// analytic value rounded to 32 bits, and one beyond their range is the greatest number of 32 bits.
/// Source: the service's scores as others measured them, August 2026.
class VectorDistance {
 public:
  VectorDistance(DistanceFunction function, std::span<const float> searched);

  /// `stored`: as many numbers of 32 bits as are searched for, not necessarily aligned. Lower is nearer for every
  /// function.
  [[nodiscard]] double rank(const char* stored) const;
  /// What the service answers for a rank.
  [[nodiscard]] float score(double rank) const;

 private:
  [[nodiscard]] double cosine(const char* stored) const;

  DistanceFunction function_;
  std::vector<double> searched_;
  double squares_ = 0;  // of what is searched for
};

}  // namespace stator::engine
