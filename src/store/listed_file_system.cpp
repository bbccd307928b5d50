#include "store/listed_file_system.h"

#include <sys/stat.h>

namespace stator::store {
namespace {

namespace fs = std::filesystem;
using rocksdb::IOStatus;

bool is_log(const fs::path& path) { return path.extension() == ".log"; }

/// A log that tells the list when an append failed.
class LogFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  LogFile(FileList& list, std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), list_(list) {}

  IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                  rocksdb::IODebugContext* debug) override {
    return told(FSWritableFileOwnerWrapper::Append(data, options, debug));
  }
  IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                  const rocksdb::DataVerificationInfo& verification, rocksdb::IODebugContext* debug) override {
    return told(FSWritableFileOwnerWrapper::Append(data, options, verification, debug));
  }

 private:
  IOStatus told(IOStatus status) {
    if (!status.ok()) list_.log_is_torn();
    return status;
  }
  FileList& list_;
};

/// The directory keeps others out already; this is for files that are copied elsewhere.
IOStatus close_to_others(const std::string& path) {
  return ::chmod(path.c_str(), 0600) == 0 ? IOStatus::OK()
                                          : IOStatus::IOError(path, "cannot be made its owner's alone");
}

}  // namespace

ListedFileSystem::ListedFileSystem(const std::shared_ptr<rocksdb::FileSystem>& base, FileList& list,
                                   fs::path store_path)
    : FileSystemWrapper(base), list_(list), store_path_(std::move(store_path)) {}

IOStatus ListedFileSystem::NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                                           rocksdb::IODebugContext* debug) {
  IOStatus status = target()->NewWritableFile(path, options, file, debug);
  if (!status.ok()) return status;
  status = close_to_others(path);
  if (status.ok() && is_log(path)) status = list_.log_created(fs::path(path).filename().string(), store_path_);
  if (!status.ok()) {
    file->reset();
  } else if (is_log(path)) {
    *file = std::make_unique<LogFile>(list_, std::move(*file));
  }
  return status;
}

IOStatus ListedFileSystem::RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                                      rocksdb::IODebugContext* debug) {
  IOStatus status = target()->RenameFile(from, to, options, debug);
  if (!status.ok() || fs::path(to).filename() != "CURRENT") return status;
  std::string name;
  status = rocksdb::ReadFileToString(target(), to, &name);
  if (!status.ok()) return status;
  while (!name.empty() && name.back() == '\n') name.pop_back();
  return list_.manifest_switched(name);
}

IOStatus ListedFileSystem::DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                                      rocksdb::IODebugContext* debug) {
  if (is_log(path)) {
    IOStatus status = list_.log_unneeded(fs::path(path).filename().string(), store_path_);
    if (!status.ok()) return status;
  }
  return target()->DeleteFile(path, options, debug);
}

IOStatus ListedFileSystem::LockFile(const std::string& path, const rocksdb::IOOptions& options,
                                    rocksdb::FileLock** lock, rocksdb::IODebugContext* debug) {
  IOStatus status = target()->LockFile(path, options, lock, debug);
  return status.ok() ? close_to_others(path) : status;
}

}  // namespace stator::store
