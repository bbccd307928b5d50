#include "support/faulty_file_system.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>

namespace stator::testing {
namespace {

namespace fs = std::filesystem;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

std::optional<std::string> content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

void restore(const std::string& path, const std::optional<std::string>& content) {
  if (!content) {
    fs::remove(path);
    return;
  }
  std::ofstream(path, std::ios::binary | std::ios::trunc) << *content;
}

/// Overwrites some of the sectors written after `synced_bytes` with zeros.
void lose_sectors(const std::string& path, std::uint64_t synced_bytes, const std::function<bool()>& is_lost) {
  constexpr std::uint64_t kSectorBytes = 512;
  std::string bytes = content_of(path).value_or("");
  for (std::uint64_t at = synced_bytes; at < bytes.size();) {
    const std::uint64_t end = std::min<std::uint64_t>(bytes.size(), (at / kSectorBytes + 1) * kSectorBytes);
    if (is_lost()) bytes.replace(at, end - at, end - at, '\0');
    at = end;
  }
  restore(path, bytes);
}

std::string directory_of(const std::string& path) { return fs::path(path).parent_path().string(); }

}  // namespace

class FaultyFileSystem::File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(FaultyFileSystem& system, std::string path, std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), system_(system), path_(std::move(path)) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = system_.begin(Operation::kAppend, path_);
    if (!status.ok()) return status;
    // A disk that becomes full still writes the bytes that fit.
    const rocksdb::Slice taken(data.data(), system_.take_room(data.size()));
    status = FSWritableFileOwnerWrapper::Append(taken, options, debug);
    if (status.ok()) system_.on_appended(path_, taken.size());
    return status.ok() && taken.size() < data.size() ? IOStatus::NoSpace("No space left on device") : status;
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& /*verification*/, IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Truncate(std::uint64_t bytes, const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = system_.begin(Operation::kTruncate, path_);
    const std::optional<std::string> before = content_of(path_);
    if (status.ok()) status = FSWritableFileOwnerWrapper::Truncate(bytes, options, debug);
    if (status.ok()) system_.on_truncated(path_, bytes, [path = path_, before] { restore(path, before); });
    return status;
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = system_.begin(Operation::kSync, path_);
    if (status.ok()) status = FSWritableFileOwnerWrapper::Flush(options, debug);
    if (status.ok()) system_.on_synced(path_);
    return status;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override { return Sync(options, debug); }

 private:
  FaultyFileSystem& system_;
  const std::string path_;
};

class FaultyFileSystem::Directory final : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(FaultyFileSystem& system, std::string path, std::unique_ptr<rocksdb::FSDirectory> directory)
      : FSDirectoryWrapper(std::move(directory)), system_(system), path_(std::move(path)) {}

  IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    IOStatus status = system_.begin(Operation::kSyncDirectory, path_);
    if (status.ok()) system_.on_directory_synced(path_);
    return status;
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& /*directory*/) override {
    return Fsync(options, debug);
  }

 private:
  FaultyFileSystem& system_;
  const std::string path_;
};

FaultyFileSystem::FaultyFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

void FaultyFileSystem::set_rule(Rule rule) {
  const std::lock_guard<std::mutex> lock(mutex_);
  rule_ = std::move(rule);
}

void FaultyFileSystem::set_room(std::uint64_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  room_bytes_ = bytes;
}

void FaultyFileSystem::power_off_after(std::uint64_t operations) {
  const std::lock_guard<std::mutex> lock(mutex_);
  off_at_ = operations_ + operations;
}

bool FaultyFileSystem::is_off() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return operations_ >= off_at_;
}

std::uint64_t FaultyFileSystem::operations() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return operations_;
}

IOStatus FaultyFileSystem::begin(Operation operation, const std::string& path) {
  Rule rule;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (operations_ < off_at_) ++operations_;
    if (operations_ >= off_at_) return IOStatus::IOError(path, "the power is off");
    rule = rule_;
  }
  return rule ? rule(operation, path) : IOStatus::OK();
}

IOStatus FaultyFileSystem::look(const std::string& path) const {
  Rule rule;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    rule = rule_;
  }
  return rule ? rule(Operation::kLook, path) : IOStatus::OK();
}

std::size_t FaultyFileSystem::take_room(std::size_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, room_bytes_));
  if (room_bytes_ != UINT64_MAX) room_bytes_ -= taken;
  return taken;
}

void FaultyFileSystem::on_appended(const std::string& path, std::uint64_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  files_[path].bytes += bytes;
}

void FaultyFileSystem::on_synced(const std::string& path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Written& written = files_[path];
  written.synced_bytes = written.bytes;
  std::erase_if(changes_, [&](const Change& change) { return change.settled_by == path; });
}

void FaultyFileSystem::on_truncated(const std::string& path, std::uint64_t bytes, std::function<void()> undo) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // If the change is undone, the file is as it was on the disk.
  files_[path] = {.synced_bytes = bytes, .bytes = bytes};
  changes_.push_back({path, std::move(undo)});
}

void FaultyFileSystem::on_directory_synced(const std::string& path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::erase_if(changes_, [&](const Change& change) { return change.settled_by == path; });
}

IOStatus FaultyFileSystem::NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                           std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
  IOStatus status = begin(Operation::kCreate, path);
  if (!status.ok()) return status;
  const std::optional<std::string> before = content_of(path);
  status = target()->NewWritableFile(path, options, file, debug);
  if (!status.ok()) return status;
  *file = std::make_unique<File>(*this, path, std::move(*file));
  const std::lock_guard<std::mutex> lock(mutex_);
  files_[path] = {};
  changes_.push_back({directory_of(path), [this, path, before] {
                        restore(path, before);
                        files_.erase(path);
                      }});
  return status;
}

IOStatus FaultyFileSystem::FileExists(const std::string& path, const IOOptions& options, IODebugContext* debug) {
  IOStatus status = look(path);
  return status.ok() ? target()->FileExists(path, options, debug) : status;
}

IOStatus FaultyFileSystem::GetFileSize(const std::string& path, const IOOptions& options, std::uint64_t* size_bytes,
                                       IODebugContext* debug) {
  IOStatus status = look(path);
  return status.ok() ? target()->GetFileSize(path, options, size_bytes, debug) : status;
}

IOStatus FaultyFileSystem::ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                              std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
  IOStatus status = target()->ReopenWritableFile(path, options, file, debug);
  if (!status.ok()) return status;
  *file = std::make_unique<File>(*this, path, std::move(*file));
  const std::lock_guard<std::mutex> lock(mutex_);
  // Content from before this object existed counts as synced.
  if (!files_.contains(path)) files_[path] = {.synced_bytes = fs::file_size(path), .bytes = fs::file_size(path)};
  return status;
}

IOStatus FaultyFileSystem::NewDirectory(const std::string& path, const IOOptions& options,
                                        std::unique_ptr<rocksdb::FSDirectory>* directory, IODebugContext* debug) {
  IOStatus status = target()->NewDirectory(path, options, directory, debug);
  if (status.ok()) *directory = std::make_unique<Directory>(*this, path, std::move(*directory));
  return status;
}

IOStatus FaultyFileSystem::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                                      IODebugContext* debug) {
  IOStatus status = begin(Operation::kRename, from);
  if (!status.ok()) return status;
  const std::optional<std::string> replaced = content_of(to);
  status = target()->RenameFile(from, to, options, debug);
  if (!status.ok()) return status;
  const std::lock_guard<std::mutex> lock(mutex_);
  files_[to] = files_[from];
  files_.erase(from);
  changes_.push_back({directory_of(to), [this, from, to, replaced] {
                        fs::rename(to, from);
                        files_[from] = files_[to];
                        files_.erase(to);
                        if (replaced) restore(to, replaced);
                      }});
  return status;
}

IOStatus FaultyFileSystem::DeleteFile(const std::string& path, const IOOptions& options, IODebugContext* debug) {
  IOStatus status = begin(Operation::kDelete, path);
  if (!status.ok()) return status;
  const std::optional<std::string> before = content_of(path);
  status = target()->DeleteFile(path, options, debug);
  if (!status.ok()) return status;
  const std::lock_guard<std::mutex> lock(mutex_);
  files_.erase(path);
  changes_.push_back({directory_of(path), [path, before] { restore(path, before); }});
  return status;
}

void FaultyFileSystem::lose_unsynced(std::uint32_t seed) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::mt19937 random(seed);
  const auto up_to = [&random](std::uint64_t last) {
    return std::uniform_int_distribution<std::uint64_t>(0, last)(random);
  };
  for (auto& [path, written] : files_) {
    if (!fs::exists(path) || written.bytes == written.synced_bytes) continue;
    // The new length may be on the disk without the bytes: whole sectors are then missing.
    if (up_to(2) == 0) {
      lose_sectors(path, written.synced_bytes, [&] { return up_to(2) == 0; });
    } else {
      fs::resize_file(path, written.synced_bytes + up_to(written.bytes - written.synced_bytes));
    }
  }
  // A journal keeps the order of changes of names.
  const std::size_t kept = up_to(changes_.size());
  while (changes_.size() > kept) {
    changes_.back().undo();
    changes_.pop_back();
  }
  changes_.clear();
  files_.clear();
}

}  // namespace stator::testing
