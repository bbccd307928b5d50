#include "store/listed_file_system.h"

#include <sys/stat.h>

#include <algorithm>

namespace stator::store {
namespace {

namespace fs = std::filesystem;
using rocksdb::IOStatus;

/// A log that syncs the list before its first record is written, and reports failed appends to the list.
class LogFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  LogFile(FileList& list, std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), list_(list) {}

  IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                  rocksdb::IODebugContext* debug) override {
    IOStatus status = listed();
    return status.ok() ? reported(FSWritableFileOwnerWrapper::Append(data, options, debug)) : status;
  }
  IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                  const rocksdb::DataVerificationInfo& verification, rocksdb::IODebugContext* debug) override {
    IOStatus status = listed();
    return status.ok() ? reported(FSWritableFileOwnerWrapper::Append(data, options, verification, debug)) : status;
  }

 private:
  IOStatus listed() {
    if (is_listed_) return IOStatus::OK();
    IOStatus status = list_.log_begins();
    is_listed_ = status.ok();
    return status;
  }
  IOStatus reported(IOStatus status) {
    if (!status.ok()) list_.log_is_torn();
    return status;
  }
  FileList& list_;
  bool is_listed_ = false;
};

/// A file of which only the first bytes are read.
class ShortenedFile final : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  ShortenedFile(std::unique_ptr<rocksdb::FSSequentialFile> file, std::uint64_t bytes)
      : FSSequentialFileOwnerWrapper(std::move(file)), left_bytes_(bytes) {}

  IOStatus Read(std::size_t count, const rocksdb::IOOptions& options, rocksdb::Slice* result, char* scratch,
                rocksdb::IODebugContext* debug) override {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(count, left_bytes_));
    IOStatus status = FSSequentialFileOwnerWrapper::Read(wanted, options, result, scratch, debug);
    if (status.ok()) left_bytes_ -= result->size();
    return status;
  }
  IOStatus Skip(std::uint64_t count) override {
    const std::uint64_t skipped = std::min(count, left_bytes_);
    left_bytes_ -= skipped;
    return FSSequentialFileOwnerWrapper::Skip(skipped);
  }

 private:
  std::uint64_t left_bytes_;
};

/// The directory is private already; this matters when files are copied elsewhere.
IOStatus deny_others(const std::string& path) {
  return ::chmod(path.c_str(), 0600) == 0 ? IOStatus::OK()
                                          : IOStatus::IOError(path, "cannot be made its owner's alone");
}

}  // namespace

ListedFileSystem::ListedFileSystem(const std::shared_ptr<rocksdb::FileSystem>& base, FileList& list,
                                   fs::path store_path)
    : OptionlessFileSystem(base), list_(list), store_path_(std::move(store_path)) {}

bool ListedFileSystem::is_own_log(const fs::path& path) const {
  return path.extension() == ".log" && path.parent_path() == store_path_;
}

void ListedFileSystem::pause_new_tables(std::chrono::milliseconds at_most) {
  const std::lock_guard<std::mutex> lock(tables_mutex_);
  new_tables_paused_until_ = std::chrono::steady_clock::now() + at_most;
}

void ListedFileSystem::resume_new_tables() {
  {
    const std::lock_guard<std::mutex> lock(tables_mutex_);
    new_tables_paused_until_ = {};
  }
  new_tables_resumed_.notify_all();
}

void ListedFileSystem::wait_to_begin_a_table() {
  std::unique_lock<std::mutex> lock(tables_mutex_);
  const auto until = new_tables_paused_until_;
  new_tables_resumed_.wait_until(lock, until,
                                 [this] { return std::chrono::steady_clock::now() >= new_tables_paused_until_; });
}

IOStatus ListedFileSystem::NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                             std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                             rocksdb::IODebugContext* debug) {
  IOStatus status = target()->NewSequentialFile(path, options, file, debug);
  if (const auto end = ends_.find(path); status.ok() && end != ends_.end()) {
    *file = std::make_unique<ShortenedFile>(std::move(*file), end->second);
  }
  return status;
}

IOStatus ListedFileSystem::NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                                           rocksdb::IODebugContext* debug) {
  if (path.ends_with(".sst")) wait_to_begin_a_table();
  IOStatus status = OptionlessFileSystem::NewWritableFile(path, options, file, debug);
  if (!status.ok()) return status;
  status = deny_others(path);
  if (status.ok() && is_own_log(path)) status = list_.log_created(fs::path(path).filename().string(), store_path_);
  if (!status.ok()) {
    file->reset();
  } else if (is_own_log(path)) {
    *file = std::make_unique<LogFile>(list_, std::move(*file));
  }
  return status;
}

IOStatus ListedFileSystem::RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                                      rocksdb::IODebugContext* debug) {
  IOStatus status = target()->RenameFile(from, to, options, debug);
  if (!status.ok() || fs::path(to) != store_path_ / "CURRENT") return status;
  // The rename must be on the disk before the list mentions the manifest.
  status = sync_directory(*target(), store_path_);
  std::string name;
  if (status.ok()) status = rocksdb::ReadFileToString(target(), to, &name);
  if (!status.ok()) return status;
  while (!name.empty() && name.back() == '\n') name.pop_back();
  return list_.manifest_switched(name);
}

IOStatus ListedFileSystem::DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                                      rocksdb::IODebugContext* debug) {
  if (is_own_log(path)) {
    IOStatus status = list_.log_unneeded(fs::path(path).filename().string(), store_path_);
    if (!status.ok()) return status;
  }
  return target()->DeleteFile(path, options, debug);
}

IOStatus ListedFileSystem::FileExists(const std::string& path, const rocksdb::IOOptions& options,
                                      rocksdb::IODebugContext* debug) {
  if (fs::path(path) == store_path_ / "archive") return IOStatus::NotFound(path);
  return target()->FileExists(path, options, debug);
}

IOStatus ListedFileSystem::LockFile(const std::string& path, const rocksdb::IOOptions& options,
                                    rocksdb::FileLock** lock, rocksdb::IODebugContext* debug) {
  IOStatus status = target()->LockFile(path, options, lock, debug);
  return status.ok() ? deny_others(path) : status;
}

}  // namespace stator::store
