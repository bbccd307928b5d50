#include "store/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>

#include "store/store.h"

namespace stator::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMarker = "STATOR";
constexpr std::string_view kMarkerDraft = "STATOR.new";
constexpr std::string_view kMarkerText = "stator format ";
constexpr int kFormat = 1;

/// What other rooms may put into the directory before a store was ever opened in it.
constexpr std::array<std::string_view, 7> kOwnNames = {kMarkerDraft,    "LOCK",  "server.json", "postgres",
                                                       "postgres.lock", "store", "log"};

/// Big enough for what we write ourselves; a larger file is not ours.
constexpr std::size_t kMaxSmallFileBytes = 64 * 1024;

[[noreturn]] void fail_by_errno(const fs::path& path, int error) {
  throw OpenError("cannot use " + path.string() + " as data directory: " + std::strerror(error));
}

std::optional<std::string> read_small_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::string text(kMaxSmallFileBytes, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

/// The value of "url" in server.json, which a running server leaves beside the marker; or empty.
std::string server_url(const fs::path& directory) {
  const std::string text = read_small_file(directory / "server.json").value_or("");
  std::size_t at = text.find("\"url\"");
  if (at == std::string::npos) return {};
  at = text.find_first_not_of(" \t\r\n:", at + 5);
  if (at == std::string::npos || text[at] != '"') return {};
  const std::size_t end = text.find('"', at + 1);
  if (end == std::string::npos) return {};
  const std::string url = text.substr(at + 1, end - at - 1);
  return url.find('\\') == std::string::npos ? url : std::string();
}

void write_durably(const fs::path& path, std::string_view text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) fail_by_errno(path.parent_path(), errno);
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (!written) fail_by_errno(path.parent_path(), error);
}

bool is_own_name(const std::string& name) {
  for (const std::string_view own : kOwnNames) {
    if (name == own) return true;
  }
  return false;
}

}  // namespace

DataDirectory::DataDirectory(fs::path path, bool create_if_missing) : path_(std::move(path)) {
  std::error_code error;
  const fs::file_status status = fs::status(path_, error);
  if (status.type() == fs::file_type::not_found) {
    if (!create_if_missing) throw OpenError("there is no data directory " + path_.string());
    fs::create_directories(path_, error);
    if (error) fail_by_errno(path_, error.value());
  } else if (error) {
    fail_by_errno(path_, error.value());
  } else if (status.type() != fs::file_type::directory) {
    throw OpenError(path_.string() + " is a file, not a data directory");
  }
  check_or_write_marker(create_if_missing);
  try {
    check_store();
  } catch (...) {
    ::close(lock_fd_);
    throw;
  }
}

DataDirectory::~DataDirectory() {
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

void DataDirectory::lock() {
  const fs::path file = path_ / "LOCK";
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) fail_by_errno(path_, errno);
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) {
    lock_fd_ = fd;
    return;
  }
  const int error = errno;
  ::close(fd);
  if (error != EWOULDBLOCK) fail_by_errno(path_, error);
  const std::string url = server_url(path_);
  throw OpenError("data directory " + path_.string() + " is in use by another process" +
                  (url.empty() ? std::string() : ", serving at " + url));
}

void DataDirectory::check_or_write_marker(bool create_if_missing) {
  const fs::path marker = path_ / kMarker;
  if (!fs::exists(marker)) {
    // Look before touching anything: a foreign directory is left as it was.
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(path_, error)) {
      if (is_own_name(entry.path().filename().string())) continue;
      if (entry.path().filename() == kMarker) break;  // another process is just creating it
      throw OpenError(path_.string() + " is not a Stator data directory (it holds other files and no file " +
                      std::string(kMarker) + ")");
    }
    if (error) fail_by_errno(path_, error.value());
    if (!create_if_missing) throw OpenError("there is no Stator data in " + path_.string());
  }
  lock();
  try {
    const std::optional<std::string> text = read_small_file(marker);
    if (!text) {
      write_durably(path_ / kMarkerDraft, std::string(kMarkerText) + std::to_string(kFormat) + "\n");
      std::error_code error;
      fs::rename(path_ / kMarkerDraft, marker, error);
      if (error) fail_by_errno(path_, error.value());
      return;
    }
    if (!text->starts_with(kMarkerText)) throw OpenError(marker.string() + " is damaged: it does not name a format");
    int format = 0;
    try {
      format = std::stoi(text->substr(kMarkerText.size()));
    } catch (const std::exception&) {
      throw OpenError(marker.string() + " is damaged: it does not name a format");
    }
    if (format != kFormat) {
      throw OpenError("data directory " + path_.string() + " has format " + std::to_string(format) +
                      "; this version of Stator reads format " + std::to_string(kFormat));
    }
  } catch (...) {
    ::close(lock_fd_);
    lock_fd_ = -1;
    throw;
  }
}

void DataDirectory::check_store() {
  std::error_code error;
  fs::create_directories(store_path(), error);
  if (error) fail_by_errno(path_, error.value());
  store_is_new_ = !fs::exists(store_path() / "CURRENT");
  if (!store_is_new_) return;
  // Without CURRENT RocksDB would begin anew and forget what is there.
  for (const fs::directory_entry& entry : fs::directory_iterator(store_path(), error)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".sst" || extension == ".log") {
      throw OpenError("data directory " + path_.string() + " is damaged: store/CURRENT is missing");
    }
  }
  if (error) fail_by_errno(path_, error.value());
}

}  // namespace stator::store
