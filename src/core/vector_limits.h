#pragma once

#include <cstddef>
#include <cstdint>

/// Limits of vector indexes. Source: "Quotas in Amazon DynamoDB", Developer Guide, "Vector indexes".
namespace stator::core {

inline constexpr std::size_t kMaxVectorIndexes = 5;
inline constexpr std::int64_t kMaxVectorDimensions = 4096;
inline constexpr std::size_t kMaxInlineFilters = 18;
inline constexpr std::size_t kMaxInlineFilterSizeBytes = 10240;
inline constexpr std::size_t kMaxProjectedVectorAttributes = 20;  // including the vector
inline constexpr std::int64_t kMaxSearchResults = 100;
inline constexpr std::size_t kMaxSearchReplySizeBytes = 16 * 1024 * 1024;
inline constexpr std::size_t kMinVectorRequestBytes = 1024;

}  // namespace stator::core
