#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/features.h"

namespace stator::store {

/// The formats that this version opens. Directories without features have the first.
inline constexpr int kFirstFormat = 1;
inline constexpr int kLastFormat = 2;

/// The file that identifies a data directory. Checkpoints get it last, so one without it is incomplete.
inline constexpr const char* kMarkerFile = "STATOR";

/// The content of the file STATOR. Format 2 is format 1 with a list of features (docs/format.md, "Versions").
struct Marker {
  int format = kFirstFormat;
  std::vector<std::string> needed_to_read;
  std::vector<std::string> needed_to_write;
  /// Lines that this version does not know; they are written back unchanged.
  std::vector<std::string> other_lines;

  [[nodiscard]] bool names(Feature feature) const;
  /// Adds the feature, sorted by name, and sets the format to 2.
  void add(Feature feature);
  void remove(Feature feature);
  /// The first named feature that this version does not know; empty if it knows all.
  [[nodiscard]] std::string unknown(NeededFor needed_for) const;
};

/// Throws std::runtime_error with the reason, for "STATOR is damaged: …". If the format is beyond kLastFormat, only
/// `format` is read.
Marker parse_marker(std::string_view text);
std::string marker_text(const Marker& marker);

}  // namespace stator::store
