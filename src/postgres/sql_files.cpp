#include "postgres/sql_files.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <fstream>
#include <iterator>

#include "postgres/error.h"

namespace stator::postgres {
namespace {

constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{16} * 1024 * 1024;

bool is_plain_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char byte) {
    return std::isalnum(byte) != 0 || byte == '-' || byte == '_';
  });
}

}  // namespace

std::string SqlFiles::read(const std::filesystem::path& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) throw Error(ErrorKind::kMissing, path.string() + " cannot be read: " + error.message());
  if (size > kMaxFileBytes) throw Error(ErrorKind::kUsage, path.string() + " is larger than 16 MB");
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw Error(ErrorKind::kMissing, path.string() + " cannot be read");
  return text;
}

std::vector<std::string> SqlFiles::query_names() const {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory_ / "queries", ignored)) {
    if (entry.path().extension() == ".sql") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string SqlFiles::query(std::string_view name) const {
  const std::filesystem::path path = directory_ / "queries" / (std::string(name) + ".sql");
  if (is_plain_name(name) && std::filesystem::exists(path)) return read(path);
  std::string known;
  for (const std::string& candidate : query_names()) known += (known.empty() ? "" : ", ") + candidate;
  throw Error(ErrorKind::kMissing, "there is no query \"" + std::string(name) + "\" in " +
                                       (directory_ / "queries").string() + " (" +
                                       (known.empty() ? "it has none" : "it has " + known) + ")");
}

}  // namespace stator::postgres
