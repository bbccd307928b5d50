#include "store/marker.h"

#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "core/hexadecimal.h"

namespace stator::store {
namespace {

constexpr std::string_view kFirstLine = "stator format ";
constexpr std::string_view kReadLine = "read:";
constexpr std::string_view kWriteLine = "write:";
constexpr std::string_view kChecksumLine = "checksum: ";

std::string checksum(std::string_view text) {
  return core::hexadecimal(std::uint64_t{XXH3_64bits(text.data(), text.size())});
}

/// Removes and returns the first line of `text`; throws if the line has no end.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) throw std::runtime_error("its last line is cut off");
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::vector<std::string> words(std::string_view line) {
  std::vector<std::string> found;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    if (end > 0) found.emplace_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return found;
}

int parse_format(std::string_view line) {
  int format = 0;
  if (!line.starts_with(kFirstLine)) throw std::runtime_error("it does not name a format");
  line.remove_prefix(kFirstLine.size());
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), format);
  if (error != std::errc() || end != line.data() + line.size() || format < kFirstFormat) {
    throw std::runtime_error("it does not name a format");
  }
  return format;
}

void append_features(std::string_view line, const std::vector<std::string>& names, std::string& text) {
  if (names.empty()) return;
  text += line;
  for (const std::string& name : names) text.append(" ").append(name);
  text += '\n';
}

}  // namespace

bool Marker::names(Feature feature) const {
  const FeatureInfo& known = info(feature);
  const auto& list = known.needed_for == NeededFor::kReading ? needed_to_read : needed_to_write;
  return std::find(list.begin(), list.end(), known.name) != list.end();
}

void Marker::add(Feature feature) {
  if (names(feature)) return;
  const FeatureInfo& known = info(feature);
  auto& list = known.needed_for == NeededFor::kReading ? needed_to_read : needed_to_write;
  list.insert(std::upper_bound(list.begin(), list.end(), known.name), std::string(known.name));
  format = kLastFormat;
}

void Marker::remove(Feature feature) {
  const FeatureInfo& known = info(feature);
  std::erase(known.needed_for == NeededFor::kReading ? needed_to_read : needed_to_write, known.name);
}

std::string Marker::unknown(NeededFor needed_for) const {
  for (const std::string& name : needed_for == NeededFor::kReading ? needed_to_read : needed_to_write) {
    const bool known = std::any_of(kFeatures.begin(), kFeatures.end(), [&](const FeatureInfo& feature) {
      return feature.name == name && feature.needed_for == needed_for;
    });
    if (!known) return name;
  }
  return {};
}

Marker parse_marker(std::string_view text) {
  Marker marker;
  const std::string_view whole = text;
  // A text editor may have removed the line break at the end of a marker of format 1.
  if (text == "stator format 1") return marker;
  marker.format = parse_format(take_line(text));
  if (marker.format > kLastFormat) return marker;
  if (marker.format == kFirstFormat) {
    if (!text.empty()) throw std::runtime_error("format 1 has no further lines");
    return marker;
  }
  for (;;) {
    const std::string_view before = whole.substr(0, whole.size() - text.size());
    if (text.empty()) throw std::runtime_error("its checksum is missing");
    const std::string_view line = take_line(text);
    if (line.starts_with(kChecksumLine)) {
      if (!text.empty() || line.substr(kChecksumLine.size()) != checksum(before)) {
        throw std::runtime_error("its checksum does not match");
      }
      return marker;
    }
    if (line.starts_with(kReadLine)) {
      marker.needed_to_read = words(line.substr(kReadLine.size()));
    } else if (line.starts_with(kWriteLine)) {
      marker.needed_to_write = words(line.substr(kWriteLine.size()));
    } else {
      marker.other_lines.emplace_back(line);
    }
  }
}

std::string marker_text(const Marker& marker) {
  std::string text = std::string(kFirstLine) + std::to_string(marker.format) + "\n";
  if (marker.format == kFirstFormat) return text;
  append_features(kReadLine, marker.needed_to_read, text);
  append_features(kWriteLine, marker.needed_to_write, text);
  for (const std::string& line : marker.other_lines) text.append(line).append("\n");
  const std::string sum = checksum(text);
  return text.append(kChecksumLine).append(sum).append("\n");
}

}  // namespace stator::store
