#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/table.h"

namespace stator::engine {

/// Compares stored vectors with the searched vector. Sums are computed in double precision, so that a score is the
/// exact value rounded to a 32-bit float; scores beyond its range become its greatest value.
/// Source: scores of the service measured by others, August 2026.
class VectorDistance {
 public:
  VectorDistance(DistanceFunction function, std::span<const float> searched);

  /// Ranks a stored vector: lower is nearer for every distance function. `stored`: as many 32-bit floats as the
  /// searched vector has, not necessarily aligned.
  [[nodiscard]] double rank(const char* stored) const;
  /// The service's score for a rank.
  [[nodiscard]] float score(double rank) const;

 private:
  [[nodiscard]] double cosine(const char* stored) const;

  DistanceFunction function_;
  std::vector<double> searched_;
  double squares_ = 0;  // the sum of the squares of `searched_`
};

// --- in single precision ------------------------------------------------------------------------------------------
// Quick and approximate. Vectors are in their quick form; lower is nearer.

/// Products and squared differences of numbers up to this one, summed over all dimensions, are within the range of
/// 32-bit floats.
inline constexpr float kGreatestQuick = 1e16F;

/// The quick form of a vector: scaled to length 1 for COSINE; for the others, numbers are clamped to ±kGreatestQuick.
std::vector<float> quick_form(DistanceFunction function, std::span<const float> vector);

/// Computes the ranks of `count` vectors stored one after the other.
void quick_ranks(DistanceFunction function, const float* searched, const float* vectors, std::size_t dimensions,
                 std::size_t count, float* ranks);
inline float quick_rank(DistanceFunction function, const float* left, const float* right, std::size_t dimensions) {
  float rank = 0;
  quick_ranks(function, left, right, dimensions, 1, &rank);
  return rank;
}

/// An upper bound of the quick ranks of all vectors whose exact rank is at most that of a vector with the quick rank
/// `rank`. `norms`: the length of the searched vector times the greatest length of the others.
float highest_quick_rank(DistanceFunction function, float rank, double norms, std::size_t dimensions);

}  // namespace stator::engine
