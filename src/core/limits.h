#pragma once

#include <cstddef>
#include <cstdint>

/// DynamoDB's limits, in one place. Sizes are bytes unless the name says otherwise.
/// Source: "Quotas in Amazon DynamoDB" and "Constraints in Amazon DynamoDB", Developer Guide.
namespace stator::core {

inline constexpr std::size_t kMaxItemSizeBytes = 400 * 1024;
inline constexpr std::size_t kMaxPartitionKeySizeBytes = 2048;
inline constexpr std::size_t kMaxSortKeySizeBytes = 1024;
/// Charged for a list or map itself, and for each of its elements in addition to the element's own size.
inline constexpr std::size_t kContainerSizeBytes = 3;
inline constexpr std::size_t kElementSizeBytes = 1;
inline constexpr std::size_t kMaxPageSizeBytes = 1024 * 1024;
inline constexpr std::size_t kMaxBatchReplySizeBytes = 16 * 1024 * 1024;
inline constexpr std::size_t kMaxRequestBodySizeBytes = 16 * 1024 * 1024;
inline constexpr std::size_t kMaxTransactionSizeBytes = 4 * 1024 * 1024;
inline constexpr std::size_t kMaxBatchGetKeys = 100;
inline constexpr std::size_t kMaxBatchWriteRequests = 25;
inline constexpr std::size_t kMaxExpressionSizeBytes = 4096;
inline constexpr std::size_t kMaxExpressionOperators = 300;
inline constexpr std::size_t kMaxInOperands = 100;
inline constexpr std::size_t kMaxNestingDepth = 32;
/// The largest list index in a path. Source: measured on the service, October 2026 (4294967295 is refused).
inline constexpr std::uint32_t kMaxListIndex = 4'294'967'294U;
inline constexpr std::size_t kMaxAttributeNameSizeBytes = 65535;
inline constexpr std::size_t kMaxGlobalIndexes = 20;
inline constexpr std::size_t kMaxLocalIndexes = 5;
inline constexpr std::size_t kMaxIndexUpdates = 5;
inline constexpr std::size_t kMaxProjectedNonKeyAttributes = 100;
inline constexpr std::size_t kMaxIndexHashAttributes = 4;
inline constexpr std::size_t kMaxIndexRangeAttributes = 4;
inline constexpr std::size_t kMaxListTablesLimit = 100;
inline constexpr std::size_t kReadUnitSizeBytes = 4096;
inline constexpr std::size_t kWriteUnitSizeBytes = 1024;
inline constexpr int kMaxNumberDigits = 38;
inline constexpr int kMaxNumberExponent = 125;
inline constexpr int kMinNumberExponent = -130;

}  // namespace stator::core
