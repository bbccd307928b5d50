#include "toolkit/export_folder.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <string>

#include "json/reader.h"
#include "toolkit/table_info.h"

namespace stator::toolkit {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = "manifest-files.json";

constexpr const char* kAllExports = "AWSDynamoDB";

/// Whether the folder is named AWSDynamoDB, even if the path is "." or ends in a slash.
bool holds_all_exports(const fs::path& folder) {
  return fs::absolute(folder / "").lexically_normal().parent_path().filename() == kAllExports;
}

/// AWSDynamoDB itself is not an export, although its data/ has the files of all incremental exports.
bool is_export(const fs::path& folder) {
  return fs::exists(folder / kManifest) || (fs::is_directory(folder / "data") && !holds_all_exports(folder));
}

/// Finds the export in `folder`, into which a bucket may have been downloaded.
fs::path find_export(const fs::path& folder) {
  if (is_export(folder)) return folder;
  const fs::path all = holds_all_exports(folder) ? folder : folder / kAllExports;
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(all, error)) {
    if (entry.is_directory() && is_export(entry.path())) found.push_back(entry.path());
  }
  if (found.empty())
    throw std::runtime_error(folder.string() + " holds no export: neither " + kManifest + " nor data/");
  if (found.size() > 1)
    throw std::runtime_error(folder.string() + " holds " + std::to_string(found.size()) +
                             " exports; name the folder of one, such as " + found.front().string());
  return found.front();
}

std::vector<fs::path> files_of_manifest(const fs::path& folder) {
  std::vector<fs::path> files;
  std::ifstream in(folder / kManifest);
  json::Parser parser;
  for (std::string line; std::getline(in, line);) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    std::string key;
    try {
      key = text_of(parser.parse(line), "dataFileS3Key");
    } catch (const std::exception&) {
      // reported below
    }
    if (key.empty()) throw std::runtime_error((folder / kManifest).string() + " has a line without dataFileS3Key");
    // The key is the file's path in the bucket, including the prefix. The data files of an incremental export are in
    // ../data.
    fs::path file = folder / "data" / fs::path(key).filename();
    if (const fs::path beside = folder / ".." / "data" / file.filename(); !fs::exists(file) && fs::exists(beside))
      file = beside;
    if (!fs::exists(file)) throw std::runtime_error("the export's data file " + file.string() + " is missing");
    files.push_back(file);
  }
  return files;
}

}  // namespace

std::vector<fs::path> export_data_files(const fs::path& folder) {
  const fs::path found = find_export(folder);
  std::vector<fs::path> files;
  if (fs::exists(found / kManifest)) {
    files = files_of_manifest(found);
  } else {
    for (const auto& entry : fs::directory_iterator(found / "data")) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
  }
  return files;
}

}  // namespace stator::toolkit
