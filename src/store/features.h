#pragma once

#include <array>
#include <cstdint>
#include <string_view>

/// Additions to format 1 that a data directory may use. The directory's marker names the features in use, so that a
/// program that does not know one leaves the directory alone. Design: docs/format.md, "Versions".
namespace stator::store {

enum class Feature : std::uint8_t {
  kFileList,
  kExpiryRows,
  kChangeLog,
  kRestores,
  kPointInTime,
  kDeliveries,
  kVectorIndexes,
  kStoreNumber,
  kUnfinished,
};

/// What a program that does not know the feature must not do.
enum class NeededFor : std::uint8_t { kReading, kWriting };

struct FeatureInfo {
  Feature feature;
  /// As in the marker: lower-case letters, digits and hyphens.
  std::string_view name;
  NeededFor needed_for;
};

/// All features known to this version. To add one: an enumerator, a row here, a row in docs/format.md, and a call of
/// Store::require() before the first key of the new kind is written.
inline constexpr std::array kFeatures = {
    FeatureInfo{Feature::kFileList, "file-list", NeededFor::kWriting},
    FeatureInfo{Feature::kExpiryRows, "expiry-rows", NeededFor::kWriting},
    FeatureInfo{Feature::kChangeLog, "change-log", NeededFor::kWriting},
    FeatureInfo{Feature::kRestores, "restores", NeededFor::kWriting},
    FeatureInfo{Feature::kPointInTime, "point-in-time", NeededFor::kWriting},
    FeatureInfo{Feature::kDeliveries, "deliveries", NeededFor::kWriting},
    FeatureInfo{Feature::kVectorIndexes, "vector-indexes", NeededFor::kWriting},
    FeatureInfo{Feature::kStoreNumber, "store-number", NeededFor::kReading},
    FeatureInfo{Feature::kUnfinished, "unfinished", NeededFor::kReading},
};

constexpr const FeatureInfo& info(Feature feature) { return kFeatures.at(static_cast<std::size_t>(feature)); }

}  // namespace stator::store
