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

/// Keys are treated as a space id and a number of this many bytes, to search for the end of a damaged place.
constexpr std::size_t kSpaceBytes = 4;
constexpr std::size_t kNumberBytes = 16;
__extension__ using Number = unsigned __int128;

/// Keeps writers out while it lives. Other faults of the directory are no reason to give up.
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

void check_marker(const fs::path& directory, std::vector<std::string>& told) {
  const std::optional<std::string> text = read_small_file(directory / "STATOR");
  Marker marker;
  try {
    if (!text) throw std::runtime_error("it is missing");
    marker = parse_marker(*text);
  } catch (const std::runtime_error& error) {
    told.push_back(std::string("the file STATOR is damaged (") + error.what() + "); its list of features is lost");
    return;
  }
  std::string unknown = marker.unknown(NeededFor::kReading);
  if (unknown.empty()) unknown = marker.unknown(NeededFor::kWriting);
  if (marker.format > kLastFormat || !unknown.empty()) {
    throw OpenError("data directory " + directory.string() + " is of a later version of Stator; repair it with that");
  }
}

/// The manifest's bytes if it is sound, so that the tables are those that it names.
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

/// The number of the store that counts; without a sound STORE, of the one that was written to last.
std::uint64_t find_store(const fs::path& directory, std::vector<std::string>& told) {
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
  // No restore ever took the place of the first store.
  if (fault == "missing" && stores.front() == 0) return 0;
  const auto written = [&](std::uint64_t store) { return last_write_in(store_folder(directory, store)); };
  const std::uint64_t newest = *std::ranges::max_element(stores, {}, written);
  told.push_back("the file STORE is " + fault + "; " + store_folder(directory, newest).filename().string() +
                 "/, which was written to last, is taken");
  return newest;
}

void copy_files(const fs::path& from, const fs::path& to, std::vector<std::string>& told) {
  fs::create_directories(to);
  for (const fs::directory_entry& entry : fs::directory_iterator(from)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file() || !is_store_file(name)) continue;
    std::error_code error;
    if (entry.path().extension() == ".sst") fs::create_hard_link(entry.path(), to / name, error);
    if (entry.path().extension() != ".sst" || error) fs::copy_file(entry.path(), to / name, error);
    if (error) told.push_back((from.filename() / name).string() + " cannot be read: " + error.message());
  }
}

struct UnreadableTables {
  std::vector<fs::path> paths;
  /// RocksDB must not open one of them: with a damaged end its assertions can abort the process.
  bool dangerous = false;
};

/// Tables of which nothing could be read. `manifest`: the bytes of a sound one; tables that it never named are
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

/// Whether the database uses one of these tables.
bool needs_any(rocksdb::DB& db, const std::vector<fs::path>& tables) {
  std::vector<rocksdb::LiveFileMetaData> live;
  db.GetLiveFilesMetaData(&live);
  return std::any_of(tables.begin(), tables.end(), [&live](const fs::path& path) {
    const std::string name = path.filename().string();
    return std::any_of(live.begin(), live.end(), [&](const auto& table) { return table.name.ends_with(name); });
  });
}

/// Truncates the copied files after their last sound record; the rest was never acknowledged.
void cut_torn_files(const fs::path& store_path) {
  for (const fs::directory_entry& entry : fs::directory_iterator(store_path)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("MANIFEST-") && !name.ends_with(".log")) continue;
    const RecordsFound records = check_records(entry.path());
    if (records.state == RecordsState::kTornEnd) fs::resize_file(entry.path(), records.sound_bytes);
  }
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

}  // namespace

struct Salvage::Impl {
  explicit Impl(const fs::path& directory) : lock(directory) {}
  ~Impl() {
    db.reset();
    std::error_code ignored;
    fs::remove_all(scratch, ignored);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  /// Whether a walk can begin at `key`.
  [[nodiscard]] bool can_seek(const std::string& key) const {
    const std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator(rocksdb::ReadOptions()));
    iterator->Seek(key);
    return iterator->status().ok();
  }

  /// The first key after `key` at which a walk can go on; empty: none.
  [[nodiscard]] std::string key_after_damage(const std::string& key) const {
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
      if (can_seek(key_of(space, good))) break;
      bad = good;
    }
    while (good - bad > 1) {
      const Number middle = bad + (good - bad) / 2;
      (can_seek(key_of(space, middle)) ? good : bad) = middle;
    }
    return key_of(space, good);
  }

  SharedLock lock;
  fs::path scratch;
  std::unique_ptr<rocksdb::DB> db;
};

Salvage::Salvage(const fs::path& directory, fs::path scratch, std::vector<std::string>& told)
    : impl_(std::make_unique<Impl>(directory)) {
  check_marker(directory, told);
  std::error_code error;
  const std::uint64_t number = find_store(directory, told);
  const fs::path original = store_folder(directory, number);
  if (!fs::is_directory(original, error)) throw OpenError("there is no Stator data in " + directory.string());
  impl_->scratch = std::move(scratch);
  const fs::path store_path = impl_->scratch / "store";
  try {
    check_files(original, read_small_file(store_list(directory, number), SIZE_MAX));
  } catch (const std::runtime_error& damage) {
    told.emplace_back(damage.what());
  }
  const std::optional<std::string> manifest = sound_manifest(directory, number);
  copy_files(original, store_path, told);

  Options defaults;
  defaults.directory = directory;
  rocksdb::Options options = rocks_options(defaults);
  // Recover every sound record and block.
  options.paranoid_checks = false;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  cut_torn_files(store_path);
  const UnreadableTables unreadable = find_unreadable_tables(store_path, options, manifest);
  rocksdb::DB* opened = nullptr;
  rocksdb::Status status = rocksdb::Status::Corruption();
  if (manifest && !unreadable.dangerous) status = rocksdb::DB::Open(options, store_path.string(), &opened);
  if (status.ok() && needs_any(*opened, unreadable.paths)) {
    delete opened;
    status = rocksdb::Status::Corruption();
  }
  if (!status.ok()) {
    for (const fs::path& path : unreadable.paths) {
      told.push_back((original.filename() / path.filename()).string() + " cannot be read at all");
      fs::remove(path);
    }
    // Without the manifest RocksDB does not know the order of tables, so an older version of an item may win.
    told.emplace_back(
        "the list of tables cannot be used and is made anew from the tables that are there; items may have older "
        "values");
    options.create_if_missing = true;
    status = rocksdb::RepairDB(store_path.string(), options);
    if (status.ok()) status = rocksdb::DB::Open(options, store_path.string(), &opened);
  }
  if (!status.ok()) throw OpenError("nothing in " + directory.string() + " can be opened: " + one_line(status));
  impl_->db.reset(opened);
}

Salvage::~Salvage() = default;

std::size_t Salvage::walk(const std::string& lower, const std::string& upper,
                          const std::function<void(std::string_view, std::string_view)>& visit) const {
  std::size_t damaged = 0;
  std::string from = lower;
  for (;;) {
    rocksdb::ReadOptions read;
    const rocksdb::Slice bound = upper;
    if (!upper.empty()) read.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> iterator(impl_->db->NewIterator(read));
    for (iterator->Seek(from); iterator->Valid(); iterator->Next()) {
      visit(iterator->key().ToStringView(), iterator->value().ToStringView());
      from = iterator->key().ToString() + '\0';
    }
    if (iterator->status().ok()) return damaged;
    ++damaged;
    from = impl_->key_after_damage(from);
    if (from.empty() || (!upper.empty() && from >= upper)) return damaged;
  }
}

}  // namespace stator::store
