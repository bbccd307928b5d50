#pragma once

#include <filesystem>
#include <vector>

namespace stator::toolkit {

/// The data files of an export as DynamoDB's ExportTableToPointInTime lays it out: those that manifest-files.json
/// names, in `folder` itself or in its AWSDynamoDB/ID, else the files in data/ there. Those of an incremental export
/// are in AWSDynamoDB/data. All of them exist. Throws
/// std::runtime_error: no export, several of them, a data file that is missing.
/// Source: Developer Guide, "DynamoDB table export output format".
std::vector<std::filesystem::path> export_data_files(const std::filesystem::path& folder);

}  // namespace stator::toolkit
