#include "store/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>
#include <vector>

#include "store/small_file.h"
#include "store/status_text.h"
#include "store/store.h"
#include "store/store_number.h"

namespace stator::store {
namespace {

namespace fs = std::filesystem;

/// Names that other components may create in the directory before the first store.
constexpr std::array<std::string_view, 6> kOwnNames = {"STATOR.new", "LOCK",          "server.json",
                                                       "postgres",   "postgres.lock", "log"};

[[noreturn]] void fail_by_errno(const fs::path& path, int error) {
  throw OpenError("cannot use " + path.string() + " as data directory: " + std::strerror(error));
}

/// The value of "url" in server.json, which a running server leaves beside the marker; empty if there is none, or if
/// the file is not from process `holder` (its server is gone).
std::string server_url(const fs::path& directory, int holder) {
  const std::string text = read_small_file(directory / "server.json").value_or("");
  if (holder == 0 || !text.starts_with("{\"pid\":" + std::to_string(holder) + ",")) return {};
  std::size_t at = text.find("\"url\"");
  if (at == std::string::npos) return {};
  at = text.find_first_not_of(" \t\r\n:", at + 5);
  if (at == std::string::npos || text[at] != '"') return {};
  const std::size_t end = text.find('"', at + 1);
  if (end == std::string::npos) return {};
  const std::string url = text.substr(at + 1, end - at - 1);
  return url.find('\\') == std::string::npos ? url : std::string();
}

/// The process that holds a flock on `file`, by /proc/locks ("1: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF"); 0 if
/// it has no such line.
int lock_holder(const fs::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return 0;
  const std::string inode = ":" + std::to_string(status.st_ino);
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number;
    std::string kind;
    std::string mode;
    std::string access;
    int process_id = 0;
    std::string device_and_inode;
    if (words >> number >> kind >> mode >> access >> process_id >> device_and_inode && kind == "FLOCK" &&
        device_and_inode.ends_with(inode)) {
      return process_id;
    }
  }
  return 0;
}

bool belongs_to_another(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && status.st_uid != ::geteuid();
}

bool is_own_name(const std::string& name) {
  for (const std::string_view own : kOwnNames) {
    if (name == own) return true;
  }
  return is_name_of_store(name);
}

}  // namespace

void make_private_directory(const fs::path& path) {
  std::error_code error;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  if (error) fail_by_errno(path, error.value());
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) fail_by_errno(path, errno);
}

DataDirectory::DataDirectory(fs::path path, Access access, const core::LogSink& log) : path_(std::move(path)) {
  std::error_code error;
  const fs::file_status status = fs::status(path_, error);
  if (status.type() == fs::file_type::not_found) {
    if (access != Access::kCreate) throw NoStoreError("there is no data directory " + path_.string());
    make_private_directory(path_);
  } else if (error) {
    fail_by_errno(path_, error.value());
  } else if (status.type() != fs::file_type::directory) {
    throw OpenError(path_.string() + " is a file, not a data directory");
  }
  look_for_marker(access);
  lock(access);
  try {
    read_or_write_marker(access);
    check_features(access);
    find_store();
    check_store(access);
    if (access != Access::kReadOnly) deny_others(log);
  } catch (...) {
    unlock();
    throw;
  }
}

DataDirectory::~DataDirectory() { unlock(); }

void DataDirectory::unlock() {
  if (lock_fd_ < 0) return;
  // The lock lives until the last descriptor of the open file is closed, and children made by fork() have one.
  if (locked_by_ == ::getpid()) ::flock(lock_fd_, LOCK_UN);
  ::close(lock_fd_);
  lock_fd_ = -1;
}

void DataDirectory::lock(Access access) {
  const bool shared = access == Access::kReadOnly;
  const fs::path file = path_ / "LOCK";
  const int fd = ::open(file.c_str(), shared ? O_RDONLY | O_CLOEXEC : O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  // A writer creates the file first, so without it there is no writer.
  if (fd < 0 && shared && errno == ENOENT) return;
  if (fd < 0) fail_by_errno(path_, errno);
  if (::flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0) {
    lock_fd_ = fd;
    locked_by_ = ::getpid();
    return;
  }
  const int error = errno;
  ::close(fd);
  if (error != EWOULDBLOCK) fail_by_errno(path_, error);
  const int holder = lock_holder(file);
  const std::string url = server_url(path_, holder);
  throw InUseError("data directory " + path_.string() +
                       (holder == ::getpid() ? " is open in this process already" : " is in use by another process") +
                       (url.empty() ? std::string() : ", serving at " + url),
                   holder);
}

void DataDirectory::look_for_marker(Access access) const {
  if (fs::exists(path_ / kMarkerFile)) return;
  // Check before changing anything: a foreign directory must stay untouched.
  std::error_code error;
  bool has_store = false;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_, error)) {
    const std::string name = entry.path().filename().string();
    std::error_code unreadable;
    has_store = has_store ||
                (is_name_of_store(name) && entry.is_directory(unreadable) && !fs::is_empty(entry.path(), unreadable));
    if (is_own_name(name)) continue;
    if (entry.path().filename() == kMarkerFile) return;  // another process is just creating the data directory
    throw OpenError(path_.string() + " is not a Stator data directory (it holds other files and no file " +
                    std::string(kMarkerFile) + ")");
  }
  if (error) fail_by_errno(path_, error.value());
  // The marker is written before anything else, so a store without one has lost it, and the list of features with it.
  if (has_store && !fs::exists(path_ / kMarkerFile)) {
    throw DamagedError("data directory " + path_.string() + " is damaged: the file STATOR is missing");
  }
  if (access != Access::kCreate) throw NoStoreError("there is no Stator data in " + path_.string());
}

void DataDirectory::read_or_write_marker(Access access) {
  const fs::path file = path_ / kMarkerFile;
  try {
    if (const std::optional<std::string> text = read_if_there(file)) {
      marker_ = parse_marker(*text);
      return;
    }
  } catch (const fs::filesystem_error& error) {
    fail_by_errno(path_, error.code().value());
  } catch (const std::runtime_error& error) {
    throw DamagedError(file.string() + " is damaged: " + error.what());
  }
  if (access != Access::kCreate) throw NoStoreError("there is no Stator data in " + path_.string());
  marker_.add(Feature::kFileList);
  try {
    replace_durably(file, marker_text(marker_));
  } catch (const std::system_error& failure) {
    fail_by_errno(path_, failure.code().value());
  }
}

void DataDirectory::check_features(Access access) const {
  const std::string prefix = "data directory " + path_.string();
  if (marker_.format > kLastFormat) {
    throw OpenError(prefix + " has format " + std::to_string(marker_.format) +
                    "; this version of Stator reads formats " + std::to_string(kFirstFormat) + " to " +
                    std::to_string(kLastFormat));
  }
  std::string unknown = marker_.unknown(NeededFor::kReading);
  if (!unknown.empty()) {
    throw OpenError(prefix + " needs \"" + unknown + "\" to be read, which this version of Stator does not know");
  }
  // Repair names this feature while it makes the directory, and releases it at the end.
  if (marker_.names(Feature::kUnfinished)) {
    throw OpenError(prefix + " is unfinished: the repair that was to make it was ended; remove it and begin again");
  }
  if (access == Access::kReadOnly) return;
  unknown = marker_.unknown(NeededFor::kWriting);
  if (!unknown.empty()) {
    throw OpenError(prefix + " needs \"" + unknown +
                    "\" to be written, which this version of Stator does not know; it can be read only");
  }
}

void DataDirectory::find_store() {
  const std::string prefix = "data directory " + path_.string() + " is damaged: the file STORE ";
  std::optional<std::uint64_t> number;
  try {
    number = read_store_number(path_);
  } catch (const fs::filesystem_error& error) {
    fail_by_errno(path_, error.code().value());
  } catch (const std::runtime_error& error) {
    throw DamagedError(prefix + "is damaged: " + error.what());
  }
  // STORE is written before the feature is named in the marker, and until then it names the first store.
  if (needs(Feature::kStoreNumber) && !number) throw DamagedError(prefix + "is missing");
  if (!needs(Feature::kStoreNumber) && number.value_or(0) != 0) {
    throw DamagedError(prefix + "names a store that the file STATOR does not know of");
  }
  store_number_ = number.value_or(0);
  const std::vector<std::uint64_t> stores = stores_in(path_);
  last_number_ = stores.empty() ? store_number_ : std::max(store_number_, stores.back());
}

void DataDirectory::check_store(Access access) {
  std::error_code error;
  const fs::path store = store_folder(path_, store_number_);
  if (access != Access::kReadOnly && store_number_ == 0) make_private_directory(store);
  store_is_new_ = !fs::exists(store / "CURRENT");
  if (!store_is_new_) return;
  const auto fail_without_current = [&] {
    throw DamagedError("data directory " + path_.string() + " is damaged: " + store.filename().string() +
                       "/CURRENT is missing");
  };
  if (store_number_ != 0) fail_without_current();
  // Without CURRENT, RocksDB would create a new store and delete these files.
  for (const fs::directory_entry& entry : fs::directory_iterator(store, error)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".sst" || extension == ".log") fail_without_current();
  }
  if (error && access != Access::kReadOnly) fail_by_errno(path_, error.value());
}

void DataDirectory::deny_others(const core::LogSink& log) const {
  for (const fs::path& directory : {path_, store_folder(path_, store_number_)}) {
    fs::perms others = fs::perms::group_all | fs::perms::others_all;
    // When started by root, PostgreSQL runs as another user, who must be able to reach its own directory inside this
    // one.
    if (directory == path_ && belongs_to_another(path_ / "postgres")) {
      others &= ~(fs::perms::group_exec | fs::perms::others_exec);
    }
    std::error_code error;
    if (const fs::perms found = fs::status(directory, error).permissions();
        error || (found & others) == fs::perms::none) {
      continue;
    }
    fs::permissions(directory, others, fs::perm_options::remove, error);
    if (error) {
      core::log(log, core::LogLevel::kWarning,
                directory.string() + " is open to other users and cannot be closed to them: " + error.message());
    } else if (directory == path_) {
      core::log(log, core::LogLevel::kInfo,
                directory.string() + " was open to other users; it is now its owner's alone");
    }
  }
}

bool DataDirectory::needs(Feature feature) const {
  const std::lock_guard<std::mutex> lock(marker_mutex_);
  return marker_.names(feature);
}

void DataDirectory::require(Feature feature) {
  const std::lock_guard<std::mutex> lock(marker_mutex_);
  if (marker_.names(feature)) return;
  Marker next = marker_;
  next.add(feature);
  replace_durably(path_ / kMarkerFile, marker_text(next));
  marker_ = std::move(next);
}

void DataDirectory::release(Feature feature) {
  const std::lock_guard<std::mutex> lock(marker_mutex_);
  if (!marker_.names(feature)) return;
  Marker next = marker_;
  next.remove(feature);
  replace_durably(path_ / kMarkerFile, marker_text(next));
  marker_ = std::move(next);
}

void DataDirectory::switch_store(rocksdb::FileSystem& files, std::uint64_t number) {
  const std::string prefix = "the store cannot be replaced: ";
  bool replaced = false;
  rocksdb::IOStatus status;
  try {
    if (!needs(Feature::kStoreNumber)) {
      status = draft_store_number(files, path_, store_number_);
      if (status.ok()) status = write_store_number(files, path_, store_number_, replaced);
      if (!status.ok()) throw StoreError(prefix + one_line(status));
      require(Feature::kStoreNumber);
    }
    status = write_store_number(files, path_, number, replaced);
  } catch (const std::system_error& error) {
    throw StoreError(prefix + error.code().message());
  }
  if (replaced) store_number_ = number;
  if (!status.ok()) throw StoreError(prefix + one_line(status));
}

void DataDirectory::write_marker(const fs::path& directory) const {
  const std::lock_guard<std::mutex> lock(marker_mutex_);
  Marker marker = marker_;
  // The store of a checkpoint has number 0.
  marker.remove(Feature::kStoreNumber);
  replace_durably(directory / kMarkerFile, marker_text(marker));
}

}  // namespace stator::store
