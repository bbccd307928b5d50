#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/export/export_info.h"

/// The manifest files of an export, in the service's layout. Source: Developer Guide, "DynamoDB table export output
/// format".
namespace stator::engine {

/// The API's name of the format.
std::string_view export_format_name(ExportFormat format);
/// PREFIX/AWSDynamoDB/ID/NAME.
std::string export_key(const ExportInfo& info, const std::string& name);
/// The key of a data file. The data files of all incremental exports share a folder.
std::string data_key(const ExportInfo& info, std::uint64_t number);

/// One line of manifest-files.json.
struct ManifestLine {
  std::uint64_t items = 0;
  std::string md5_base64;
  std::string etag;
  std::string key;
};
std::string manifest_line(const ManifestLine& line);
/// The text of manifest-summary.json; `info` has ended.
std::string manifest_summary(const ExportInfo& info);

}  // namespace stator::engine
