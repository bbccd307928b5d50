#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/features.h"

namespace stator::store {

/// The formats that this version opens. Directories without features have the first.
inline constexpr int kFirstFormat = 1;
inline constexpr int kLastFormat = 2;

/// The file by which a data directory is known. A checkpoint gets it last, so one without it is not whole.
inline constexpr const char* kMarkerFile = "STATOR";

/// The content of the file STATOR. Format 2 is format 1 with a list of features (docs/format.md, "Versions").
struct Marker {
  int format = kFirstFormat;
  std::vector<std::string> needed_to_read;
  std::vector<std::string> needed_to_write;
  /// Lines that this version does not know; written again with the others.
  std::vector<std::string> other_lines;

  [[nodiscard]] bool names(Feature feature) const;
  /// Adds the feature, in the order of names, and makes the format 2.
  void add(Feature feature);
  void remove(Feature feature);
  /// The first feature named that this version does not know, or empty.
  [[nodiscard]] std::string unknown(NeededFor needed_for) const;
};

/// Throws std::runtime_error with the reason, for "STATOR is damaged: …". Of a format beyond kLastFormat only
/// `format` is read.
Marker parse_marker(std::string_view text);
std::string marker_text(const Marker& marker);

}  // namespace stator::store
