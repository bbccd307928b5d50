#pragma once

#include <filesystem>
#include <vector>

namespace stator::toolkit {

/// The data files of an export as DynamoDB's ExportTableToPointInTime lays it out, in `folder` itself or in its
/// AWSDynamoDB/ID: those that manifest-files.json names, else all in data/. Every file returned exists. Throws
/// std::runtime_error if there is no export, or more than one, if a data file is missing, or if the export is in Amazon
/// Ion.
/// Source: Developer Guide, "DynamoDB table export output format".
std::vector<std::filesystem::path> export_data_files(const std::filesystem::path& folder);

}  // namespace stator::toolkit
