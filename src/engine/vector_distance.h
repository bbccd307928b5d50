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

// --- in single precision ------------------------------------------------------------------------------------------
// Nearly right and quick. Vectors are in their quick form, and lower is nearer.

/// The square of a sum of such numbers over all dimensions is within the range of 32 bits.
inline constexpr float kGreatestQuick = 1e16F;

/// Of length one for COSINE; for the others with numbers beyond +-kGreatestQuick brought to that.
std::vector<float> quick_form(DistanceFunction function, std::span<const float> vector);

/// The ranks of `count` vectors that lie one behind the other.
void quick_ranks(DistanceFunction function, const float* searched, const float* vectors, std::size_t dimensions,
                 std::size_t count, float* ranks);
inline float quick_rank(DistanceFunction function, const float* left, const float* right, std::size_t dimensions) {
  float rank = 0;
  quick_ranks(function, left, right, dimensions, 1, &rank);
  return rank;
}

/// Every vector of which the exact rank is not above that of a vector with the quick rank `rank` has a quick rank up to
/// this one. `norms`: the product of the searched vector's length and the greatest length of the others.
float highest_quick_rank(DistanceFunction function, float rank, double norms, std::size_t dimensions);

}  // namespace stator::engine
