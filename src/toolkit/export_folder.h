#pragma once

#include <filesystem>
#include <vector>

namespace stator::toolkit {

/// The data files of an export in the layout of DynamoDB's ExportTableToPointInTime. The export is `folder` itself or
/// its AWSDynamoDB/ID; its files are those that manifest-files.json names, or without a manifest all files in its
/// data/. The files of an incremental export are in AWSDynamoDB/data. All returned files exist. Throws
/// std::runtime_error if there is no export or several, or if a data file is missing. Source: Developer Guide,
/// "DynamoDB table export output format".
std::vector<std::filesystem::path> export_data_files(const std::filesystem::path& folder);

}  // namespace stator::toolkit
