#include "engine/vector_distance.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

// On x86-64 these loops are compiled twice; which version is called is decided at run time by the processor.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define STATOR_VECTOR_LOOP __attribute__((target_clones("arch=x86-64-v3", "default"), optimize("O3")))
#else
#define STATOR_VECTOR_LOOP
#endif

namespace stator::engine {
namespace {

/// Sums are computed in so many independent parts, which lets the compiler use wide registers.
constexpr std::size_t kLanes = 8;
constexpr std::size_t kQuickLanes = 32;

struct Sums {
  double dot = 0;
  double squares = 0;
};

double total(const double (&parts)[kLanes]) {
  double sum = 0;
  for (const double part : parts) sum += part;
  return sum;
}

STATOR_VECTOR_LOOP double dot_product(const double* searched, const char* stored, std::size_t count) {
  double parts[kLanes] = {};
  std::size_t at = 0;
  for (; at + kLanes <= count; at += kLanes) {
    float numbers[kLanes];
    std::memcpy(numbers, stored + at * sizeof(float), sizeof numbers);
    for (std::size_t lane = 0; lane < kLanes; ++lane) parts[lane] += searched[at + lane] * double{numbers[lane]};
  }
  for (; at < count; ++at) {
    float number = 0;
    std::memcpy(&number, stored + at * sizeof number, sizeof number);
    parts[0] += searched[at] * double{number};
  }
  return total(parts);
}

STATOR_VECTOR_LOOP Sums dot_product_and_squares(const double* searched, const char* stored, std::size_t count) {
  double dots[kLanes] = {};
  double squares[kLanes] = {};
  std::size_t at = 0;
  for (; at + kLanes <= count; at += kLanes) {
    float numbers[kLanes];
    std::memcpy(numbers, stored + at * sizeof(float), sizeof numbers);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      dots[lane] += searched[at + lane] * double{numbers[lane]};
      squares[lane] += double{numbers[lane]} * double{numbers[lane]};
    }
  }
  for (; at < count; ++at) {
    float number = 0;
    std::memcpy(&number, stored + at * sizeof number, sizeof number);
    dots[0] += searched[at] * double{number};
    squares[0] += double{number} * double{number};
  }
  return {total(dots), total(squares)};
}

STATOR_VECTOR_LOOP double squared_distance(const double* searched, const char* stored, std::size_t count) {
  double parts[kLanes] = {};
  std::size_t at = 0;
  for (; at + kLanes <= count; at += kLanes) {
    float numbers[kLanes];
    std::memcpy(numbers, stored + at * sizeof(float), sizeof numbers);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const double difference = searched[at + lane] - double{numbers[lane]};
      parts[lane] += difference * difference;
    }
  }
  for (; at < count; ++at) {
    float number = 0;
    std::memcpy(&number, stored + at * sizeof number, sizeof number);
    const double difference = searched[at] - double{number};
    parts[0] += difference * difference;
  }
  return total(parts);
}

STATOR_VECTOR_LOOP void quick_dot_products(const float* searched, const float* vectors, std::size_t dimensions,
                                           std::size_t count, float* products) {
  for (std::size_t i = 0; i < count; ++i, vectors += dimensions) {
    float parts[kQuickLanes] = {};
    std::size_t at = 0;
    for (; at + kQuickLanes <= dimensions; at += kQuickLanes) {
      for (std::size_t lane = 0; lane < kQuickLanes; ++lane) parts[lane] += searched[at + lane] * vectors[at + lane];
    }
    float sum = 0;
    for (; at < dimensions; ++at) sum += searched[at] * vectors[at];
    for (const float part : parts) sum += part;
    products[i] = -sum;
  }
}

STATOR_VECTOR_LOOP void quick_squared_distances(const float* searched, const float* vectors, std::size_t dimensions,
                                                std::size_t count, float* distances) {
  for (std::size_t i = 0; i < count; ++i, vectors += dimensions) {
    float parts[kQuickLanes] = {};
    std::size_t at = 0;
    for (; at + kQuickLanes <= dimensions; at += kQuickLanes) {
      for (std::size_t lane = 0; lane < kQuickLanes; ++lane) {
        const float difference = searched[at + lane] - vectors[at + lane];
        parts[lane] += difference * difference;
      }
    }
    float sum = 0;
    for (; at < dimensions; ++at) {
      const float difference = searched[at] - vectors[at];
      sum += difference * difference;
    }
    for (const float part : parts) sum += part;
    distances[i] = sum;
  }
}

}  // namespace

std::vector<float> quick_form(DistanceFunction function, std::span<const float> vector) {
  std::vector<float> form(vector.begin(), vector.end());
  if (function != DistanceFunction::kCosine) {
    for (float& number : form) number = std::clamp(number, -kGreatestQuick, kGreatestQuick);
    return form;
  }
  double squares = 0;
  for (const float number : vector) squares += double{number} * double{number};
  // A zero vector has no direction and is not changed: its rank is that of a right angle.
  if (squares == 0) return form;
  const double length = std::sqrt(squares);
  for (float& number : form) number = static_cast<float>(double{number} / length);
  return form;
}

void quick_ranks(DistanceFunction function, const float* searched, const float* vectors, std::size_t dimensions,
                 std::size_t count, float* ranks) {
  const auto loop = function == DistanceFunction::kEuclidean ? quick_squared_distances : quick_dot_products;
  loop(searched, vectors, dimensions, count, ranks);
}

float highest_quick_rank(DistanceFunction function, float rank, double norms, std::size_t dimensions) {
  // The number of roundings of a term: by itself, in its lane, and when the lanes and the rest are added up. Source:
  // Higham, "Accuracy and Stability of Numerical Algorithms", section 3.1.
  const std::size_t whole_lanes = dimensions / kQuickLanes;
  const auto roundings = static_cast<double>(whole_lanes + 2 * kQuickLanes + 8);
  const double error = roundings * std::numeric_limits<float>::epsilon();
  const double tiny = static_cast<double>(dimensions) * std::numeric_limits<float>::min();
  const double highest = function == DistanceFunction::kEuclidean ? double{rank} * (1 + 3 * error) + tiny
                                                                  : double{rank} + 2 * error * norms + tiny;
  return std::nextafter(static_cast<float>(highest), std::numeric_limits<float>::infinity());
}

VectorDistance::VectorDistance(DistanceFunction function, std::span<const float> searched)
    : function_(function), searched_(searched.begin(), searched.end()) {
  // Computed by the same loop as for stored vectors, so that equal vectors have equal sums.
  squares_ = dot_product(searched_.data(), reinterpret_cast<const char*>(searched.data()), searched.size());
}

double VectorDistance::cosine(const char* stored) const {
  const Sums sums = dot_product_and_squares(searched_.data(), stored, searched_.size());
  // A zero vector has no direction: it is halfway to every other vector.
  if (squares_ == 0 || sums.squares == 0) return 1;
  return std::clamp(1 - sums.dot / std::sqrt(squares_ * sums.squares), 0.0, 2.0);
}

double VectorDistance::rank(const char* stored) const {
  switch (function_) {
    case DistanceFunction::kDotProduct:
      return -dot_product(searched_.data(), stored, searched_.size());
    case DistanceFunction::kEuclidean:
      return squared_distance(searched_.data(), stored, searched_.size());
    case DistanceFunction::kCosine:
      break;
  }
  return cosine(stored);
}

float VectorDistance::score(double rank) const {
  constexpr double kGreatest = std::numeric_limits<float>::max();
  double score = rank;
  // `0 - rank` instead of `-rank`, which could be negative zero.
  if (function_ == DistanceFunction::kDotProduct) score = 0 - rank;
  if (function_ == DistanceFunction::kEuclidean) score = std::sqrt(rank);
  return static_cast<float>(std::clamp(score, -kGreatest, kGreatest));
}

}  // namespace stator::engine
