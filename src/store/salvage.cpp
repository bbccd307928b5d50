#include "store/salvage.h"

#include <fcntl.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/sst_file_reader.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>
#include <system_error>

#include "core/descriptor.h"
#include "store/file_check.h"
#include "store/file_list.h"
#include "store/marker.h"
#include "store/record_check.h"
#include "store/rocks_options.h"
#include "store/small_file.h"
#include "store/status_text.h"
#include "store/store_number.h"
#include "store/table_check.h"

namespace stator::store {
namespace {

namespace fs = std::filesystem;

/// To search for the end of a damaged place, a key is treated as a space id and a number of this many bytes.
constexpr std::size_t kSpaceBytes = 4;
constexpr std::size_t kNumberBytes = 16;
__extension__ using Number = unsigned __int128;

/// Keeps writers out during its lifetime. Other faults of the directory do not stop the salvage.
class SharedLock {
 public:
  explicit SharedLock(const fs::path& directory) : fd_(::open((directory / "LOCK").c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0 || ::flock(fd_, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
    ::close(fd_);
    throw OpenError("data directory " + directory.string() + " is in use by another process");
  }
  ~SharedLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  SharedLock(const SharedLock&) = delete;
  SharedLock& operator=(const SharedLock&) = delete;

 private:
  int fd_;
};

/// The folder for copies, from construction to destruction. Has its own lock, so that two salvages with the same folder
/// do not remove each other's files.
class Scratch {
 public:
  explicit Scratch(fs::path folder) : folder_(std::move(folder)) {
    fs::create_directories(folder_);
    lock_ = core::Descriptor(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (lock_.number() < 0 || ::flock(lock_.number(), LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      throw OpenError(error == EWOULDBLOCK
                          ? folder_.string() + " is in use by another repair"
                          : "cannot use " + folder_.string() + ": " + std::generic_category().message(error));
    }
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
      if (entry.path().filename() == kStore) continue;
      throw OpenError(folder_.string() + " is in the way: a repair needs a folder of that name for itself");
    }
    fs::permissions(folder_, fs::perms::owner_all);
    fs::remove_all(store());
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(store(), ignored);
    fs::remove(folder_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] fs::path store() const { return folder_ / kStore; }

 private:
  static constexpr const char* kStore = "store";

  fs::path folder_;
  core::Descriptor lock_;
};

void check_marker(const fs::path& directory, std::vector<std::string>& report) {
  const std::optional<std::string> text = read_small_file(directory / kMarkerFile);
  Marker marker;
  try {
    if (!text) throw std::runtime_error("it is missing");
    marker = parse_marker(*text);
  } catch (const std::runtime_error& error) {
    report.push_back(std::string("the file STATOR is damaged (") + error.what() + "); its list of features is lost");
    return;
  }
  std::string unknown = marker.unknown(NeededFor::kReading);
  if (unknown.empty()) unknown = marker.unknown(NeededFor::kWriting);
  if (marker.format > kLastFormat || !unknown.empty()) {
    throw OpenError("data directory " + directory.string() + " is of a later version of Stator; repair it with that");
  }
}

/// The manifest's bytes if it is sound, so that it can be trusted to name the tables.
std::optional<std::string> sound_manifest(const fs::path& directory, std::uint64_t number) {
  const fs::path store_path = store_folder(directory, number);
  std::string name = read_small_file(store_path / "CURRENT").value_or("");
  if (name.empty() || name.back() != '\n') return std::nullopt;
  name.pop_back();
  if (!name.starts_with("MANIFEST-") || !is_store_file(name) || !fs::exists(store_path / name)) return std::nullopt;
  FileListContent list;
  try {
    list = parse_file_list(read_small_file(store_list(directory, number), SIZE_MAX).value_or(""));
  } catch (const std::runtime_error&) {
    // Without the list, only the records' own checksums count.
  }
  if (list.sealed) {
    const std::vector<SealedFile> found = list_files(store_path);
    for (const SealedFile& file : list.files) {
      if (file.name != name && file.name != "CURRENT") continue;
      if (std::find(found.begin(), found.end(), file) == found.end()) return std::nullopt;
    }
  }
  const RecordsFound records = check_records(store_path / name);
  const bool sound = records.state != RecordsState::kDamaged && records.sound_bytes > 0 &&
                     (name != list.manifest || records.sound_bytes >= list.manifest_bytes);
  return sound ? read_small_file(store_path / name, SIZE_MAX) : std::nullopt;
}

fs::file_time_type last_write_in(const fs::path& folder) {
  fs::file_time_type last = fs::file_time_type::min();
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const fs::file_time_type time = entry.last_write_time(error);
    if (!error) last = std::max(last, time);
  }
  return last;
}

/// The number of the current store; if STORE is not sound, of the store that was written to last.
std::uint64_t find_store(const fs::path& directory, std::vector<std::string>& report) {
  std::optional<std::uint64_t> number;
  std::string fault = "missing";
  try {
    number = read_store_number(directory);
  } catch (const std::runtime_error& error) {
    fault = std::string("damaged (") + error.what() + ")";
  }
  if (number) return *number;
  const std::vector<std::uint64_t> stores = stores_in(directory);
  if (stores.empty()) throw OpenError("there is no Stator data in " + directory.string());
  // No restore ever replaced the first store.
  if (fault == "missing" && stores.front() == 0) return 0;
  const auto written = [&](std::uint64_t store) { return last_write_in(store_folder(directory, store)); };
  const std::uint64_t newest = *std::ranges::max_element(stores, {}, written);
  report.push_back("the file STORE is " + fault + "; " + store_folder(directory, newest).filename().string() +
                   "/, which was written to last, is taken");
  return newest;
}

/// Links tables, which never change, where possible; copies everything else.
void take_file(const fs::path& from, const fs::path& to) {
  std::error_code not_linked;
  if (from.extension() == ".sst") fs::create_hard_link(from, to, not_linked);
  if (from.extension() != ".sst" || not_linked) fs::copy_file(from, to);
}

void copy_files(const fs::path& from, const fs::path& to, std::vector<std::string>& report) {
  fs::create_directories(to);
  for (const fs::directory_entry& entry : fs::directory_iterator(from)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file() || !is_store_file(name)) continue;
    try {
      take_file(entry.path(), to / name);
    } catch (const fs::filesystem_error& error) {
      report.push_back((from.filename() / name).string() + " cannot be read: " + error.code().message());
    }
  }
}

struct UnreadableTables {
  std::vector<fs::path> paths;
  /// RocksDB must not open at least one of them: with a damaged end, its assertions can abort the process.
  bool dangerous = false;
};

/// Finds tables of which nothing can be read. `manifest`: the bytes of a sound one; tables that it never named are
/// ignored.
UnreadableTables find_unreadable_tables(const fs::path& store_path, const rocksdb::Options& options,
                                        const std::optional<std::string>& manifest) {
  UnreadableTables found;
  for (const fs::directory_entry& entry : fs::directory_iterator(store_path)) {
    if (entry.path().extension() != ".sst") continue;
    if (manifest && !may_be_named(*manifest, entry.path())) continue;
    rocksdb::SstFileReader reader(options);
    const bool dangerous = table_end_is_damaged(entry.path());
    found.dangerous = found.dangerous || dangerous;
    if (dangerous || !reader.Open(entry.path().string()).ok()) found.paths.push_back(entry.path());
  }
  return found;
}

/// Appends to `names` the tables that are missing by the list of a clean stop. Returns false if there is no such list.
bool list_names_missing_tables(const fs::path& directory, std::uint64_t number, std::vector<std::string>& names) {
  try {
    const FileListContent list = parse_file_list(read_small_file(store_list(directory, number), SIZE_MAX).value_or(""));
    for (const SealedFile& file : list.files) {
      if (file.name.ends_with(".sst") && !fs::exists(store_folder(directory, number) / file.name)) {
        names.push_back(file.name);
      }
    }
    return list.sealed;
  } catch (const std::runtime_error&) {
    return false;
  }
}

std::vector<rocksdb::LiveFileMetaData> live_tables(rocksdb::DB& db) {
  std::vector<rocksdb::LiveFileMetaData> tables;
  db.GetLiveFilesMetaData(&tables);
  return tables;
}

/// Whether the database uses any of these tables.
bool needs_any(rocksdb::DB& db, const std::vector<fs::path>& tables) {
  const std::vector<rocksdb::LiveFileMetaData> live = live_tables(db);
  return std::any_of(tables.begin(), tables.end(), [&live](const fs::path& path) {
    const std::string name = path.filename().string();
    return std::any_of(live.begin(), live.end(), [&](const auto& table) { return table.name.ends_with(name); });
  });
}

/// Appends to `names` the tables that the database uses but that do not exist.
void name_missing_tables(rocksdb::DB& db, const fs::path& store_path, std::vector<std::string>& names) {
  for (const rocksdb::LiveFileMetaData& table : live_tables(db)) {
    if (!fs::exists(store_path / table.relative_filename)) names.push_back(table.relative_filename);
  }
}

void report_missing_tables(const fs::path& folder, const std::vector<std::string>& names,
                           std::vector<std::string>& report) {
  for (const std::string& name : names) {
    std::string line = (folder / name).string() + " is missing";
    if (std::find(report.begin(), report.end(), line) == report.end()) report.push_back(std::move(line));
  }
}

/// Truncates the copied files after their last sound record; the rest was never acknowledged. Returns whether a log has
/// an unreadable record.
bool cut_torn_files(const fs::path& store_path) {
  bool log_is_damaged = false;
  for (const fs::directory_entry& entry : fs::directory_iterator(store_path)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("MANIFEST-") && !name.ends_with(".log")) continue;
    const RecordsFound records = check_records(entry.path());
    if (records.state == RecordsState::kTornEnd) fs::resize_file(entry.path(), records.sound_bytes);
    log_is_damaged = log_is_damaged || (records.state == RecordsState::kDamaged && name.ends_with(".log"));
  }
  return log_is_damaged;
}

Number number_of(std::string_view key) {
  Number number = 0;
  for (std::size_t i = 0; i < kNumberBytes; ++i) {
    const std::size_t at = kSpaceBytes + i;
    number = number << 8 | (at < key.size() ? static_cast<unsigned char>(key[at]) : 0U);
  }
  return number;
}

std::string key_of(std::string_view space, Number number) {
  std::string key(space);
  for (std::size_t i = kNumberBytes; i > 0; --i) key.push_back(static_cast<char>(number >> (8 * (i - 1)) & 0xFF));
  return key;
}

/// The smallest key of the next space; empty after the last space.
std::string next_space(std::string space) {
  while (!space.empty() && static_cast<unsigned char>(space.back()) == 0xFF) space.pop_back();
  if (space.empty()) return space;
  space.back() = static_cast<char>(space.back() + 1);
  space.resize(kSpaceBytes, '\0');
  return space;
}

/// Makes an iterator over the database, or over one table.
using Source = std::function<rocksdb::Iterator*(const rocksdb::ReadOptions&)>;
/// Returns another source for a range in which the first cannot be read.
using SourceBeside = std::function<Source(const std::string& lower, const std::string& upper)>;

/// Whether a walk can begin at `key`.
bool can_seek(const Source& source, const std::string& key) {
  const std::unique_ptr<rocksdb::Iterator> iterator(source(rocksdb::ReadOptions()));
  iterator->Seek(key);
  return iterator->status().ok();
}

/// The first key after `key` at which a walk can continue; empty if there is none.
std::string key_after_damage(const Source& source, const std::string& key) {
  std::string space = key.substr(0, kSpaceBytes);
  space.resize(kSpaceBytes, '\0');
  const Number start = number_of(key);
  constexpr Number kLast = ~Number{0};
  // Exponential search, then binary search.
  Number bad = start;
  Number good = start;
  for (Number step = 1;; step <<= 1) {
    if (step == 0 || kLast - start < step) return next_space(space);
    good = start + step;
    if (can_seek(source, key_of(space, good))) break;
    bad = good;
  }
  while (good - bad > 1) {
    const Number middle = bad + (good - bad) / 2;
    (can_seek(source, key_of(space, middle)) ? good : bad) = middle;
  }
  return key_of(space, good);
}

/// Walks over the rows of a source in [lower, upper) and skips places that cannot be read. In a skipped place it walks
/// over the rows of the `beside` source instead, if there is one.
class SkippingWalk {
 public:
  SkippingWalk(Source source, SourceBeside beside, const std::string& lower, std::string upper)
      : source_(std::move(source)), beside_(std::move(beside)), from_(lower), upper_(std::move(upper)) {
    seek(source_, upper_);
    settle();
  }

  [[nodiscard]] bool valid() const { return iterator_->Valid(); }
  [[nodiscard]] std::string_view key() const { return iterator_->key().ToStringView(); }
  [[nodiscard]] std::string_view value() const { return iterator_->value().ToStringView(); }
  void next() {
    from_ = iterator_->key().ToString() + '\0';
    iterator_->Next();
    settle();
  }
  [[nodiscard]] std::size_t damaged_places() const { return damaged_places_; }

 private:
  /// Starts at `from_` and ends before `end` (empty: after the last row).
  void seek(const Source& source, const std::string& end) {
    iterator_.reset();
    end_ = end;
    end_slice_ = end_;
    rocksdb::ReadOptions read;
    if (!end_.empty()) read.iterate_upper_bound = &end_slice_;
    iterator_.reset(source(read));
    iterator_->Seek(from_);
  }

  /// Moves to the next readable row if the walk has come to an unreadable place.
  void settle() {
    while (!iterator_->Valid()) {
      if (is_beside_) {
        is_beside_ = false;
        if (after_damage_.empty() || (!upper_.empty() && after_damage_ >= upper_)) return;
        from_ = after_damage_;
        seek(source_, upper_);
        continue;
      }
      if (iterator_->status().ok()) return;
      ++damaged_places_;
      after_damage_ = key_after_damage(source_, from_);
      is_beside_ = true;
      if (!beside_) continue;
      const bool to_end = after_damage_.empty() || (!upper_.empty() && after_damage_ >= upper_);
      const std::string& end = to_end ? upper_ : after_damage_;
      seek(beside_(from_, end), end);
    }
  }

  const Source source_;
  const SourceBeside beside_;
  std::string from_;
  const std::string upper_;
  std::string end_;
  rocksdb::Slice end_slice_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
  bool is_beside_ = false;
  std::string after_damage_;
  std::size_t damaged_places_ = 0;
};

/// Identifies a table in a table filter, which does not get the table's name.
std::string id_of(const rocksdb::TableProperties& table) {
  return table.db_session_id + "/" + std::to_string(table.orig_file_number);
}

/// The tables that RepairDB moved into a folder instead of using them, since a block in them is damaged.
std::vector<std::unique_ptr<rocksdb::SstFileReader>> open_tables_aside(const fs::path& store_path,
                                                                       const rocksdb::Options& options) {
  std::vector<std::unique_ptr<rocksdb::SstFileReader>> tables;
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(store_path / "lost", none)) {
    if (entry.path().extension() != ".sst") continue;
    auto reader = std::make_unique<rocksdb::SstFileReader>(options);
    if (reader->Open(entry.path().string()).ok()) tables.push_back(std::move(reader));
  }
  return tables;
}

}  // namespace

struct Salvage::Impl {
  explicit Impl(const fs::path& directory) : lock(directory) {}

  [[nodiscard]] Source database() const {
    return [this](const rocksdb::ReadOptions& read) { return db->NewIterator(read); };
  }

  /// The database without the tables that have unreadable places in [lower, upper).
  [[nodiscard]] Source database_beside_damage(const std::string& lower, const std::string& upper) const {
    std::set<std::string> damaged;
    for (const rocksdb::LiveFileMetaData& table : live_tables(*db)) {
      if (table.largestkey < lower || (!upper.empty() && table.smallestkey >= upper)) continue;
      rocksdb::SstFileReader reader(options);
      if (!reader.Open((scratch->store() / table.relative_filename).string()).ok()) continue;
      const std::unique_ptr<rocksdb::Iterator> iterator(reader.NewIterator(rocksdb::ReadOptions()));
      iterator->Seek(lower);
      while (iterator->Valid() && (upper.empty() || iterator->key().ToStringView() < upper)) iterator->Next();
      if (!iterator->status().ok()) damaged.insert(id_of(*reader.GetTableProperties()));
    }
    return [this, damaged = std::move(damaged)](rocksdb::ReadOptions read) {
      read.table_filter = [damaged](const rocksdb::TableProperties& table) { return !damaged.contains(id_of(table)); };
      return db->NewIterator(read);
    };
  }

  SharedLock lock;
  std::optional<Scratch> scratch;
  rocksdb::Options options;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<std::unique_ptr<rocksdb::SstFileReader>> tables_aside;
  bool lost_whole_files = false;
};

Salvage::Salvage(const fs::path& directory, fs::path scratch, std::vector<std::string>& report)
    : impl_(std::make_unique<Impl>(directory)) {
  refuse_unreadable_files(directory);
  check_marker(directory, report);
  std::error_code error;
  const std::uint64_t number = find_store(directory, report);
  const fs::path original = store_folder(directory, number);
  if (!fs::is_directory(original, error)) throw OpenError("there is no Stator data in " + directory.string());
  impl_->scratch.emplace(std::move(scratch));
  const fs::path store_path = impl_->scratch->store();
  try {
    check_files(original, read_small_file(store_list(directory, number), SIZE_MAX));
  } catch (const std::runtime_error& damage) {
    report.emplace_back(damage.what());
  }
  const std::optional<std::string> manifest = sound_manifest(directory, number);
  copy_files(original, store_path, report);

  Options defaults;
  defaults.directory = directory;
  rocksdb::Options& options = impl_->options;
  options = rocks_options(defaults);
  // Merges would drop blocks that cannot be read.
  options.disable_auto_compactions = true;
  // Recover every sound record and block.
  options.paranoid_checks = false;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  impl_->lost_whole_files = cut_torn_files(store_path);
  const UnreadableTables unreadable = find_unreadable_tables(store_path, options, manifest);
  rocksdb::DB* opened = nullptr;
  rocksdb::Status status = rocksdb::Status::Corruption();
  if (manifest && !unreadable.dangerous) status = rocksdb::DB::Open(options, store_path.string(), &opened);
  if (status.ok() && needs_any(*opened, unreadable.paths)) {
    delete opened;
    status = rocksdb::Status::Corruption();
  }
  std::vector<std::string> missing;
  bool tables_are_known = list_names_missing_tables(directory, number, missing);
  if (status.ok()) {
    tables_are_known = true;
    missing.clear();
    name_missing_tables(*opened, store_path, missing);
    if (!missing.empty()) {
      delete opened;
      status = rocksdb::Status::Corruption();
    }
  }
  report_missing_tables(original.filename(), missing, report);
  if (!missing.empty() || !tables_are_known) impl_->lost_whole_files = true;
  if (!status.ok()) {
    impl_->lost_whole_files = impl_->lost_whole_files || !unreadable.paths.empty();
    for (const fs::path& path : unreadable.paths) {
      report.push_back((original.filename() / path.filename()).string() + " cannot be read at all");
      fs::remove(path);
    }
    // Without the manifest RocksDB does not know the order of tables, so an older version of an item may win.
    report.emplace_back(
        std::string("the list of tables cannot be used and was rebuilt from the tables that are there; items may have "
                    "older values") +
        (tables_are_known ? "" : ", and whether a table is missing is not known"));
    options.create_if_missing = true;
    status = rocksdb::RepairDB(store_path.string(), options);
    if (status.ok()) status = rocksdb::DB::Open(options, store_path.string(), &opened);
    if (status.ok()) impl_->tables_aside = open_tables_aside(store_path, options);
  }
  if (!status.ok()) throw OpenError("nothing in " + directory.string() + " can be opened: " + one_line(status));
  impl_->db.reset(opened);
}

Salvage::~Salvage() = default;

bool Salvage::lost_whole_files() const { return impl_->lost_whole_files; }

std::size_t Salvage::walk(const std::string& lower, const std::string& upper,
                          const std::function<void(std::string_view, std::string_view)>& visit) const {
  std::vector<std::unique_ptr<SkippingWalk>> walks;
  const auto beside = [this](const std::string& from, const std::string& to) {
    return impl_->database_beside_damage(from, to);
  };
  walks.push_back(std::make_unique<SkippingWalk>(impl_->database(), beside, lower, upper));
  for (const auto& table : impl_->tables_aside) {
    const auto source = [&table](const rocksdb::ReadOptions& read) { return table->NewIterator(read); };
    walks.push_back(std::make_unique<SkippingWalk>(source, nullptr, lower, upper));
  }
  for (;;) {
    // If several sources have a row with the same key, the database's wins.
    const SkippingWalk* first = nullptr;
    for (const auto& walk : walks) {
      if (walk->valid() && (first == nullptr || walk->key() < first->key())) first = walk.get();
    }
    if (first == nullptr) break;
    visit(first->key(), first->value());
    const std::string key(first->key());
    for (const auto& walk : walks) {
      if (walk->valid() && walk->key() == key) walk->next();
    }
  }
  std::size_t damaged = 0;
  for (const auto& walk : walks) damaged += walk->damaged_places();
  return damaged;
}

void copy_checkpoint(const fs::path& from, const fs::path& to) {
  const std::optional<std::string> marker = read_small_file(from / kMarkerFile);
  if (!marker) throw std::system_error(ENOENT, std::generic_category(), (from / kMarkerFile).string());
  fs::create_directories(to);
  fs::permissions(to, fs::perms::owner_all);
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(from)) {
    const fs::path target = to / entry.path().lexically_relative(from);
    if (entry.is_directory()) {
      fs::create_directory(target, entry.path());
    } else if (entry.is_regular_file() && entry.path() != from / kMarkerFile) {
      take_file(entry.path(), target);
    }
  }
  const core::Descriptor folder(::open(to.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.number() < 0 || ::syncfs(folder.number()) != 0) {
    throw std::system_error(errno, std::generic_category(), to.string());
  }
  replace_durably(to / kMarkerFile, *marker);
}

}  // namespace stator::store
