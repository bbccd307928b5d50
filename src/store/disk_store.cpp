#include "store/disk_store.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "store/checkpoint.h"
#include "store/marker.h"
#include "store/rocks_options.h"
#include "store/small_file.h"
#include "store/status_text.h"
#include "store/store_links.h"
#include "store/store_number.h"
#include "store/truncate_files.h"

namespace stator::store {
namespace {

namespace fs = std::filesystem;

/// Flushing this much of memtables takes as long as the rest of a checkpoint; for small memtables the threshold is a
/// fraction of their size.
constexpr std::uint64_t kMuchBytes = 2 << 20;
constexpr std::uint64_t kMuchPart = 16;
/// How long such a checkpoint may delay flushes of memtables; it takes a few milliseconds.
constexpr std::chrono::milliseconds kLongestPause{30};

FileListContent parse_or_empty(const std::string& list) {
  try {
    return parse_file_list(list);
  } catch (const std::runtime_error&) {
    return {};
  }
}

bool is_log(const SealedFile& file) { return file.name.ends_with(".log"); }

std::shared_ptr<rocksdb::FileSystem> file_system(const Options& options) {
  return options.resources.file_system != nullptr ? options.resources.file_system : rocksdb::FileSystem::Default();
}

/// Checks the store of a checkpoint; returns the text of its list.
std::string check_checkpoint(const fs::path& checkpoint) {
  std::optional<std::string> list;
  if (fs::exists(checkpoint / kMarkerFile)) list = read_small_file(store_list(checkpoint, 0), kMaxListBytes);
  if (!list) throw StoreError("there is no snapshot in " + checkpoint.string());
  try {
    check_files(store_folder(checkpoint, 0), list);
  } catch (const std::runtime_error& error) {
    throw StoreError("the snapshot in " + checkpoint.string() + " is damaged: " + error.what());
  }
  return *list;
}

}  // namespace

void Database::open(const rocksdb::Options& options, const std::string& path, bool read_only, const std::string& what) {
  rocksdb::Options rocks = options;
  rocks.listeners.push_back(errors_.listener());
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status =
      read_only ? rocksdb::DB::OpenForReadOnly(rocks, path, &opened) : rocksdb::DB::Open(rocks, path, &opened);
  if (status.IsCorruption()) throw DamagedError(what + " is damaged: " + one_line(status));
  if (!status.ok()) throw OpenError("cannot open " + what + ": " + one_line(status));
  rocks_.reset(opened);
  errors_.watch(*rocks_);
}

bool Database::close() {
  errors_.stop();
  if (rocks_ == nullptr) return false;
  const bool closed = rocks_->Close().ok();
  rocks_.reset();
  return closed;
}

DiskStore::DiskStore(const Options& options, DataDirectory& directory, std::uint64_t number)
    : options_(options),
      directory_(directory),
      number_(number),
      path_(store_folder(directory.path(), number)),
      list_path_(store_list(directory.path(), number)),
      base_(file_system(options)),
      list_(base_, list_path_),
      files_(std::make_shared<ListedFileSystem>(base_, list_, path_)),
      environment_(rocksdb::NewCompositeEnv(files_)),
      database_(options.log) {}

DiskStore::~DiskStore() = default;

std::unique_ptr<DiskStore> DiskStore::open(const Options& options, DataDirectory& directory) {
  std::unique_ptr<DiskStore> store(new DiskStore(options, directory, directory.store_number()));
  const CheckedFiles checked = store->check();
  if (options.read_only && directory.store_is_new()) {
    throw NoStoreError("there is no Stator data in " + options.directory.string());
  }
  // The incomplete end of a torn file was being written when the process or the machine died, and was never
  // acknowledged.
  if (options.read_only) {
    store->files_->set_ends(checked.torn_files);
  } else {
    // Other stores were left by a process that was killed.
    remove_other_stores(*rocksdb::NewCompositeEnv(store->base_), directory.path(), store->number_);
    store->prepare(checked);
  }
  store->open_database(directory.store_is_new() && !options.read_only);
  return store;
}

std::unique_ptr<DiskStore> DiskStore::make(const Options& options, DataDirectory& directory,
                                           const fs::path& checkpoint) {
  std::unique_ptr<DiskStore> store;
  try {
    const std::string list = checkpoint.empty() ? std::string() : check_checkpoint(checkpoint);
    store.reset(new DiskStore(options, directory, directory.new_store_number()));
    make_private_directory(store->path_);
    CheckedFiles checked;
    if (!checkpoint.empty()) {
      const std::unique_ptr<rocksdb::Env> files = rocksdb::NewCompositeEnv(store->base_);
      link_store(*files, store_folder(checkpoint, 0), store->path_);
      checked = check_files(store->path_, list);
      // The list of this store is made anew, whether or not that of the checkpoint is sealed.
      checked.sealed = false;
    }
    store->prepare(checked);
    store->open_database(checkpoint.empty());
    const rocksdb::IOStatus status = draft_store_number(*store->base_, directory.path(), store->number_);
    if (!status.ok()) throw StoreError(std::string("the snapshot cannot be restored: ") + one_line(status));
    return store;
  } catch (const std::exception& error) {
    if (store != nullptr) store->remove();
    if (dynamic_cast<const StoreError*>(&error) != nullptr) throw;
    throw StoreError(std::string("the snapshot cannot be restored: ") + error.what());
  }
}

/// Checks the files before RocksDB opens them.
CheckedFiles DiskStore::check() const {
  try {
    return check_readable();
  } catch (const fs::filesystem_error& error) {
    refuse_unreadable_files(directory_.path());
    throw OpenError("cannot read " + error.path1().string() + ": " + error.code().message());
  }
}

CheckedFiles DiskStore::check_readable() const {
  const std::string prefix = "data directory " + directory_.path().string() + " is damaged: ";
  std::optional<std::string> list;
  // If the marker does not name the feature, the program that wrote last may not have kept the list up to date.
  const bool has_list = directory_.needs(Feature::kFileList);
  if (has_list) list = read_if_there(list_path_, kMaxListBytes);
  if (directory_.store_is_new()) {
    if (list && !parse_or_empty(*list).manifest.empty()) throw DamagedError(prefix + "store/CURRENT is missing");
    return {};
  }
  if (has_list && !list) throw DamagedError(prefix + "the file " + list_path_.filename().string() + " is missing");
  try {
    return check_files(path_, list);
  } catch (const fs::filesystem_error&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw DamagedError(prefix + error.what());
  }
}

/// The directory is changed only from here on.
void DiskStore::prepare(const CheckedFiles& checked) {
  try {
    // Truncates first, so that an interrupted start does not leave what the next one would take for damage, and so that
    // the list has the final sizes.
    rocksdb::IOStatus status = truncate_files(*base_, checked.torn_files);
    if (!status.ok()) throw OpenError(one_line(status));
    status = checked.sealed ? list_.unseal(checked.known) : list_.begin(checked.known, path_);
    if (!status.ok()) throw OpenError("cannot write " + list_path_.string() + ": " + one_line(status));
    directory_.require(Feature::kFileList);
    remove_logs(checked.empty_logs);
  } catch (const std::system_error& error) {
    throw OpenError("cannot use " + directory_.path().string() + " as data directory: " + error.code().message());
  }
}

void DiskStore::open_database(bool create) {
  rocksdb::Options rocks = rocks_options(options_);
  rocks.env = environment_.get();
  rocks.create_if_missing = create;
  database_.open(rocks, path_.string(), options_.read_only, "data directory " + directory_.path().string());
}

void DiskStore::checkpoint(const fs::path& target, CheckpointKind kind) {
  // A checkpoint writes too, so it needs a log that works.
  if (const rocksdb::Status error = database_.errors().write_error(); !error.ok()) throw StoreError(one_line(error));
  make_private_directory(target);
  rocksdb::DB& rocks = *database_.rocks();
  std::uint64_t unwritten_bytes = 0;
  rocks.GetIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &unwritten_bytes);
  if (kind == CheckpointKind::kAtOnce &&
      unwritten_bytes > std::min(kMuchBytes, options_.resources.memtable_bytes / kMuchPart)) {
    const NewTablesPaused paused(*files_, kLongestPause);
    close_memtable(rocks);
    // The log with the memtable's writes gets no more, so it can be linked. RocksDB copies the last log that is not
    // empty; the mark makes that the next one.
    rocksdb::WriteBatch mark;
    mark.PutLogData("").PermitUncheckedError();
    rocks.Write(rocksdb::WriteOptions(), &mark).PermitUncheckedError();
    copy_store_files(rocks, store_folder(target, 0), CheckpointContents::kTablesAlone);
    list_and_mark(target);
  } else {
    copy_store_files(rocks, store_folder(target, 0), CheckpointContents::kEverything);
    list_and_mark(target);
  }
}

void DiskStore::list_and_mark(const fs::path& checkpoint) const {
  list_copied_files(base_, store_folder(checkpoint, 0), store_list(checkpoint, 0));
  directory_.write_marker(checkpoint);
}

void DiskStore::close_cleanly() {
  if (!database_.close() || options_.read_only) return;
  // If this fails nothing is lost: without a seal the next start replays the logs, as after a kill.
  try {
    seal();
  } catch (const std::system_error&) {
  }
}

/// Seals the list of the closed store and deletes its empty logs. If a log has records, does nothing and leaves that to
/// the next start.
void DiskStore::seal() {
  std::vector<SealedFile> found = list_files(path_);
  std::vector<fs::path> logs;
  for (const SealedFile& file : found) {
    if (!is_log(file)) continue;
    if (file.size_bytes > 0) return;
    logs.push_back(path_ / file.name);
  }
  std::erase_if(found, is_log);
  // The directory's names must be on disk before the seal is: no file may vanish or come back after it.
  if (!sync_directory(*base_, path_).ok()) return;
  if (list_.seal(found).ok()) remove_logs(logs);
}

/// Deletes logs that neither RocksDB nor the list needs.
void DiskStore::remove_logs(const std::vector<fs::path>& logs) const {
  for (const fs::path& log : logs) {
    base_->DeleteFile(log.string(), rocksdb::IOOptions(), nullptr).PermitUncheckedError();
  }
}

void DiskStore::remove() {
  database_.close();
  remove_store(*rocksdb::NewCompositeEnv(base_), path_);
  base_->DeleteFile(list_path_.string(), rocksdb::IOOptions(), nullptr).PermitUncheckedError();
  remove_draft(*base_, directory_.path(), number_);
}

}  // namespace stator::store
