#include "engine/backup/directory_backup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "core/descriptor.h"
#include "core/timestamp.h"
#include "engine/backup/held_checkpoint.h"
#include "engine/json_row.h"
#include "json/object_writer.h"
#include "json/reader.h"
#include "store/data_directory.h"
#include "store/marker.h"
#include "store/small_file.h"
#include "store/store.h"

namespace stator::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kFormat = 1;
constexpr std::string_view kMarkerKey = "stator-backups.json";
constexpr std::size_t kBlockBytes = std::size_t{1} << 20U;
/// The contents of the draft of a restored directory: a mark, which exists as long as the draft, and the directory
/// itself.
constexpr const char* kMark = "RESTORING";
constexpr const char* kDraft = "data";
/// The suffix of a small file that is being written (store/small_file.h).
constexpr std::string_view kUnfinished = ".new";

/// A file's hash, fed block by block.
class Hash {
 public:
  Hash() : state_(XXH3_createState()) {
    if (state_ == nullptr) throw std::bad_alloc();
    XXH3_128bits_reset(state_.get());
  }
  void add(std::string_view bytes) { XXH3_128bits_update(state_.get(), bytes.data(), bytes.size()); }
  /// 32 hexadecimal digits.
  [[nodiscard]] std::string text() const {
    const XXH128_hash_t hash = XXH3_128bits_digest(state_.get());
    std::array<char, 33> digits{};
    std::snprintf(digits.data(), digits.size(), "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                  static_cast<unsigned long long>(hash.low64));
    return digits.data();
  }

 private:
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, Free> state_;
};

[[noreturn]] void throw_file_error(const char* verb, const fs::path& path, int error) {
  throw DirectoryBackupError("cannot " + std::string(verb) + " " + path.string() + ": " + std::strerror(error));
}

class OpenFile {
 public:
  OpenFile(const fs::path& path, int flags) : path_(path), file_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  /// For reading.
  OpenFile(const HeldCheckpoint& folder, const std::string& name)
      : path_(folder.path() / name), file_(::openat(folder.descriptor(), name.c_str(), O_RDONLY | O_CLOEXEC)) {}
  [[nodiscard]] bool is_open() const { return file_.number() >= 0; }
  std::string_view read(std::span<char> into) {
    for (;;) {
      const ssize_t count = ::read(file_.number(), into.data(), into.size());
      if (count >= 0) return {into.data(), static_cast<std::size_t>(count)};
      if (errno != EINTR) throw_file_error("read", path_, errno);
    }
  }
  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(file_.number(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw_file_error("write", path_, errno);
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  void sync() {
    if (::fsync(file_.number()) != 0) throw_file_error("write", path_, errno);
  }
  void rewind() {
    if (::lseek(file_.number(), 0, SEEK_SET) != 0) throw_file_error("read", path_, errno);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  const fs::path path_;
  const core::Descriptor file_;
};

/// Whether a restored file of this path stays within the directory.
bool is_relative(const std::string& path) {
  const fs::path parts(path);
  return !path.empty() && parts.is_relative() &&
         std::ranges::none_of(parts, [](const fs::path& part) { return part == ".." || part == "."; });
}

bool is_hash(std::string_view text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// "20261126T101500.250Z".
std::string id_at(std::int64_t time_ms) {
  const core::Timestamp time{.microseconds = time_ms / 1000 * 1'000'000, .offset_minutes = 0};
  std::array<char, 8> milliseconds{};
  std::snprintf(milliseconds.data(), milliseconds.size(), ".%03dZ", static_cast<int>(time_ms % 1000));
  return core::format_timestamp(time, "%Y%m%dT%H%M%S") + milliseconds.data();
}

/// The same path for every spelling of a directory's path.
fs::path absolute_path(const fs::path& directory) {
  fs::path path = fs::absolute(directory).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

/// A checkpoint that is to be copied.
struct Original {
  fs::path folder;
  std::string prefix;  // of the paths of its files in the data directory
};

/// `checkpoint`, and all other checkpoints in the directory.
std::vector<Original> originals_in(const fs::path& directory, const fs::path& checkpoint) {
  std::vector<Original> originals = {{checkpoint, ""}};
  for (const std::string kind : {"backups", "snapshots"}) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(directory / kind, error)) {
      const std::string name = entry.path().filename().string();
      std::error_code of_entry;
      // Skip incomplete checkpoints, which have no marker; those being made or removed, which have hidden names; and
      // links, which belong to somebody else.
      if (name.starts_with('.') || entry.is_symlink(of_entry) ||
          !fs::exists(entry.path() / store::kMarkerFile, of_entry))
        continue;
      if (fs::equivalent(entry.path(), checkpoint, of_entry)) continue;
      originals.push_back({entry.path(), kind + "/" + name + "/"});
    }
  }
  return originals;
}

/// The approximate number of bytes to copy.
std::uint64_t size_of(const fs::path& checkpoint) {
  std::uint64_t bytes = 0;
  std::error_code error;
  fs::recursive_directory_iterator entry(checkpoint, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code of_entry;
    const std::uint64_t found = entry->is_regular_file(of_entry) ? entry->file_size(of_entry) : 0;
    if (!of_entry) bytes += found;
  }
  return bytes;
}

/// The greatest number of attempts to copy a checkpoint that is replaced meanwhile.
constexpr int kMostAttempts = 10;

/// Whether an interrupted restore may have left this directory: it has the mark, or is empty except perhaps for an
/// unfinished mark.
bool is_draft(const fs::path& directory) {
  if (fs::exists(directory / kMark)) return true;
  const std::string unfinished = kMark + std::string(kUnfinished);
  return std::all_of(fs::directory_iterator(directory), fs::directory_iterator(),
                     [&](const fs::directory_entry& entry) { return entry.path().filename() == unfinished; });
}

/// Makes a marked directory that contains an empty one, and removes what an interrupted restore left. Throws
/// DirectoryBackupError if `draft` exists and is no such directory, store::OpenError, std::system_error.
void begin_draft(const fs::path& draft) {
  if (fs::exists(draft) && !is_draft(draft)) throw DirectoryBackupError(draft.string() + " is in the way");
  store::make_private_directory(draft);
  store::replace_durably(draft / kMark, "");
  fs::remove_all(draft / kDraft);
  store::make_private_directory(draft / kDraft);
}

}  // namespace

struct DirectoryBackups::File {
  std::string path;  // in the data directory
  std::int64_t size_bytes = 0;
  std::string hash;  // XXH3, 128 bits
  // Of the original file, by which it is recognised without being read; 0 for files that may change.
  std::int64_t inode = 0;
  std::int64_t changed_ns = 0;
};

struct DirectoryBackups::Manifest {
  std::int64_t format = kFormat;
  std::string id;
  std::int64_t made_ms = 0;
  std::string directory;
  std::vector<File> files;

  [[nodiscard]] DirectoryBackup summary() const {
    DirectoryBackup backup{.id = id, .made_ms = made_ms, .directory = directory, .files = files.size()};
    for (const File& file : files) backup.size_bytes += static_cast<std::uint64_t>(file.size_bytes);
    return backup;
  }

  [[nodiscard]] std::string to_json() const {
    std::string text;
    json::ObjectWriter writer(text);
    writer.integer("format", format);
    writer.text("id", id);
    writer.integer("made_ms", made_ms);
    writer.text("directory", directory);
    json::ArrayWriter list(writer.key("files"));
    for (const File& file : files) {
      json::ObjectWriter member(list.element());
      member.text("path", file.path);
      member.integer("size", file.size_bytes);
      member.text("hash", file.hash);
      if (file.inode != 0) member.integer("inode", file.inode);
      if (file.inode != 0) member.integer("changed_ns", file.changed_ns);
      member.end();
    }
    list.end();
    writer.end();
    return text;
  }

  /// Throws std::exception.
  static Manifest from_json(std::string_view text) {
    json::Parser parser;
    Manifest manifest;
    ObjectIn in(parser.parse(text));
    in.get("format", manifest.format);
    if (manifest.format != kFormat) throw std::runtime_error("it is of a later version");
    in.get("id", manifest.id);
    in.get("made_ms", manifest.made_ms);
    in.get("directory", manifest.directory);
    in.for_each("files", [&](const json::Value& element) {
      ObjectIn member(element);
      File file;
      member.get("path", file.path);
      member.get("size", file.size_bytes);
      member.get("hash", file.hash);
      member.get("inode", file.inode);
      member.get("changed_ns", file.changed_ns);
      if (!is_relative(file.path) || !is_hash(file.hash) || file.size_bytes < 0) throw std::runtime_error("a file");
      manifest.files.push_back(std::move(file));
    });
    return manifest;
  }
};

/// Copies the files of one backup that the place does not have.
class DirectoryBackups::Copier {
 public:
  Copier(DirectoryBackups& backups, const std::string& directory) : backups_(backups), block_(kBlockBytes) {
    std::set<std::string> present;
    for (const BucketObject& object : backups.bucket_.list(backups.prefix_ + "files/")) {
      present.insert(object.key + "/" + std::to_string(object.size_bytes));
    }
    // A file that no manifest names may be incomplete, left by an interrupted backup.
    for (const Manifest& manifest : backups.manifests()) {
      for (const File& file : manifest.files) {
        if (!present.contains(backups.file_key(file) + "/" + std::to_string(file.size_bytes))) continue;
        copied_.insert(backups.file_key(file));
        if (manifest.directory == directory && file.inode != 0) known_.emplace(identity(file), file.hash);
      }
    }
  }

  /// Copies all files of a checkpoint; begins again if the checkpoint is replaced meanwhile. Calls `on_file` with the
  /// size of each. Nullopt if the checkpoint is gone, or was replaced in each attempt.
  template <class OnFile>
  std::optional<std::vector<File>> copy(const fs::path& checkpoint, OnFile on_file) {
    try {
      for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
        const HeldCheckpoint held(checkpoint);
        if (!held.is_open()) return std::nullopt;
        std::vector<File> files;
        bool found_all = true;
        for (const std::string& name : held.files()) {
          File file;
          file.path = name;
          found_all = copy(held, file);
          if (!found_all) break;
          on_file(static_cast<std::uint64_t>(file.size_bytes));
          files.push_back(std::move(file));
        }
        if (found_all && held.is_whole()) return files;
      }
      return std::nullopt;
    } catch (const std::system_error& error) {
      throw_file_error("read", checkpoint, error.code().value());
    }
  }

  [[nodiscard]] std::uint64_t written_files() const { return written_files_; }
  [[nodiscard]] std::uint64_t written_bytes() const { return written_bytes_; }

 private:
  using Identity = std::tuple<std::int64_t, std::int64_t, std::int64_t>;
  static Identity identity(const File& file) { return {file.inode, file.changed_ns, file.size_bytes}; }

  /// False if the original file is gone.
  bool copy(const HeldCheckpoint& checkpoint, File& file) {
    struct stat found {};
    if (::fstatat(checkpoint.descriptor(), file.path.c_str(), &found, 0) != 0) {
      if (errno == ENOENT) return false;
      throw_file_error("read", checkpoint.path() / file.path, errno);
    }
    file.size_bytes = found.st_size;
    // Table files never change.
    if (file.path.ends_with(".sst")) {
      file.inode = static_cast<std::int64_t>(found.st_ino);
      file.changed_ns = std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec;
      const auto known = known_.find(identity(file));
      if (known != known_.end()) {
        file.hash = known->second;
        return true;
      }
    }
    return read_and_copy(checkpoint, file);
  }

  /// Reads the file twice, as its name in the backup is its hash.
  bool read_and_copy(const HeldCheckpoint& checkpoint, File& file) {
    OpenFile input(checkpoint, file.path);
    if (!input.is_open()) {
      if (errno == ENOENT) return false;
      throw_file_error("read", input.path(), errno);
    }
    Hash hash;
    file.size_bytes = 0;
    for (std::string_view bytes; !(bytes = input.read(block_)).empty();) {
      hash.add(bytes);
      file.size_bytes += static_cast<std::int64_t>(bytes.size());
    }
    file.hash = hash.text();
    if (copied_.contains(backups_.file_key(file))) return true;
    input.rewind();
    write(input, file);
    copied_.insert(backups_.file_key(file));
    return true;
  }

  void write(OpenFile& input, const File& file) {
    const auto output = backups_.bucket_.create(backups_.file_key(file));
    Hash hash;
    for (std::string_view bytes; !(bytes = input.read(block_)).empty();) {
      hash.add(bytes);
      output->write(bytes);
    }
    if (hash.text() != file.hash) throw DirectoryBackupError(input.path().string() + " changed while it was copied");
    output->finish();
    ++written_files_;
    written_bytes_ += static_cast<std::uint64_t>(file.size_bytes);
  }

  DirectoryBackups& backups_;
  std::vector<char> block_;
  std::set<std::string> copied_;  // keys
  std::map<Identity, std::string> known_;
  std::uint64_t written_files_ = 0;
  std::uint64_t written_bytes_ = 0;
};

DirectoryBackups::DirectoryBackups(Bucket& bucket, std::string prefix) : bucket_(bucket), prefix_(std::move(prefix)) {
  const std::string marker_key = prefix_ + std::string(kMarkerKey);
  for (const BucketObject& object : bucket_.list(marker_key)) {
    if (object.key != marker_key) continue;
    std::int64_t format = 0;
    try {
      json::Parser parser;
      const std::string text = read(marker_key);
      ObjectIn(parser.parse(text)).get("format", format);
    } catch (const BucketError&) {
      throw;
    } catch (const std::exception&) {
      throw DirectoryBackupError(marker_key + " is damaged");
    }
    if (format != kFormat) throw DirectoryBackupError("these backups are of a later version of Stator");
    return;
  }
  const auto is_foreign = [&](const BucketObject& object) {
    return !object.key.ends_with("/LOCK") && object.key != "LOCK" &&
           object.key != marker_key + std::string(kUnfinished);
  };
  const std::vector<BucketObject> objects = bucket_.list(prefix_);
  if (const auto foreign = std::ranges::find_if(objects, is_foreign); foreign != objects.end()) {
    throw DirectoryBackupError("it holds something else than backups: " + foreign->key);
  }
}

std::string DirectoryBackups::read(const std::string& key) const {
  const auto reader = bucket_.open(key);
  std::string text;
  std::vector<char> block(kBlockBytes);
  while (const std::size_t count = reader->read(block.data(), block.size())) text.append(block.data(), count);
  return text;
}

std::string DirectoryBackups::manifest_key(std::string_view id) const {
  return prefix_ + "backups/" + std::string(id) + ".json";
}

std::string DirectoryBackups::file_key(const File& file) const { return prefix_ + "files/" + file.hash; }

void DirectoryBackups::write_marker() {
  bucket_.put(prefix_ + std::string(kMarkerKey), "{\"format\":" + std::to_string(kFormat) + "}\n");
}

std::vector<DirectoryBackups::Manifest> DirectoryBackups::manifests() const {
  std::vector<Manifest> manifests;
  for (const BucketObject& object : bucket_.list(prefix_ + "backups/")) {
    if (!object.key.ends_with(".json")) continue;
    const std::string text = read(object.key);
    try {
      manifests.push_back(Manifest::from_json(text));
      if (manifest_key(manifests.back().id) != object.key) throw std::runtime_error("its id is another one");
    } catch (const std::exception& error) {
      throw DirectoryBackupError(object.key + " is damaged: " + error.what());
    }
  }
  return manifests;
}

std::vector<DirectoryBackup> DirectoryBackups::list() const {
  std::vector<DirectoryBackup> backups;
  for (const Manifest& manifest : manifests()) backups.push_back(manifest.summary());
  return backups;
}

DirectoryBackup DirectoryBackups::make(const fs::path& directory, const fs::path& checkpoint, std::int64_t now_ms,
                                       const BackupProgress& progress) {
  write_marker();
  Manifest manifest;
  manifest.made_ms = now_ms;
  manifest.directory = absolute_path(directory).string();
  manifest.id = new_id(now_ms);
  const std::vector<Original> originals = originals_in(directory, checkpoint);
  std::uint64_t total = 0;
  for (const Original& original : originals) total += size_of(original.folder);

  Copier copier(*this, manifest.directory);
  std::uint64_t done = 0;
  progress(done, total);
  for (const Original& original : originals) {
    auto files = copier.copy(original.folder, [&](std::uint64_t bytes) {
      done += bytes;
      progress(std::min(done, total), total);
    });
    if (!files && original.prefix.empty()) throw_file_error("read", original.folder, ENOENT);
    if (!files) continue;
    for (File& file : *files) {
      file.path.insert(0, original.prefix);
      manifest.files.push_back(std::move(file));
    }
  }
  bucket_.put(manifest_key(manifest.id), manifest.to_json());
  remove_unneeded_files();
  DirectoryBackup backup = manifest.summary();
  backup.written_files = copier.written_files();
  backup.written_bytes = copier.written_bytes();
  return backup;
}

std::string DirectoryBackups::new_id(std::int64_t now_ms) const {
  const std::vector<Manifest> others = manifests();
  std::string id = id_at(now_ms);
  for (int again = 2; std::ranges::find(others, id, &Manifest::id) != others.end(); ++again) {
    id = id_at(now_ms) + "-" + std::to_string(again);
  }
  return id;
}

void DirectoryBackups::remove_unneeded_files() {
  std::set<std::string> needed;
  for (const Manifest& manifest : manifests()) {
    for (const File& file : manifest.files) needed.insert(file_key(file));
  }
  for (const BucketObject& object : bucket_.list(prefix_ + "files/")) {
    if (!needed.contains(object.key)) bucket_.remove(object.key);
  }
  for (const BucketObject& object : bucket_.list(prefix_ + "backups/")) {
    if (object.key.ends_with(".json" + std::string(kUnfinished))) bucket_.remove(object.key);
  }
}

std::size_t DirectoryBackups::keep_last(const std::string& directory, std::size_t keep) {
  std::vector<Manifest> all = manifests();
  std::erase_if(all, [&](const Manifest& manifest) { return manifest.directory != directory; });
  const std::size_t removed = all.size() - std::min(all.size(), std::max<std::size_t>(keep, 1));
  for (std::size_t i = 0; i < removed; ++i) bucket_.remove(manifest_key(all[i].id));
  if (removed > 0) remove_unneeded_files();
  return removed;
}

const DirectoryBackups::Manifest& DirectoryBackups::choose(const std::vector<Manifest>& all, std::string_view id,
                                                           const std::string& target) {
  if (all.empty()) throw DirectoryBackupError("there is no backup");
  if (!id.empty()) {
    const auto found = std::ranges::find(all, id, &Manifest::id);
    if (found != all.end()) return *found;
    throw DirectoryBackupError("there is no backup " + std::string(id) + "; the last one is " + all.back().id);
  }
  std::map<std::string, const Manifest*> last_ones;
  for (const Manifest& manifest : all) last_ones[manifest.directory] = &manifest;
  if (last_ones.size() == 1) return all.back();
  if (const auto same = last_ones.find(target); same != last_ones.end()) return *same->second;
  std::string list;
  for (const auto& [directory, last] : last_ones) list += (list.empty() ? "" : ", ") + last->id + " of " + directory;
  throw DirectoryBackupError("these are backups of " + std::to_string(last_ones.size()) +
                             " directories; say the ID of one (the last: " + list + ")");
}

DirectoryBackup DirectoryBackups::restore(std::string_view id, const fs::path& target,
                                          const BackupProgress& progress) const {
  const fs::path place = absolute_path(target);
  const std::vector<Manifest> all = manifests();
  const Manifest& chosen = choose(all, id, place.string());
  std::error_code error;
  if (fs::exists(target, error) && !fs::is_empty(target, error)) {
    throw DirectoryBackupError(target.string() + " is not empty; a backup is restored into a new directory");
  }
  const fs::path draft = place.string() + ".restoring";
  try {
    begin_draft(draft);
    const fs::path root = draft / kDraft;
    const DirectoryBackup backup = chosen.summary();
    std::uint64_t done = 0;
    std::set<fs::path> folders = {root};
    for (const File& file : chosen.files) {
      progress(done, backup.size_bytes);
      done += static_cast<std::uint64_t>(file.size_bytes);
      fs::path folder = (root / file.path).parent_path();
      store::make_private_directory(folder);
      for (; folder != root; folder = folder.parent_path()) folders.insert(folder);
      restore_file(file, root / file.path);
    }
    for (const fs::path& folder : folders) store::sync_directory(folder);
    fs::rename(root, place);
    store::sync_directory(place.parent_path());
    fs::remove_all(draft);
    return backup;
  } catch (const std::system_error& failure) {
    throw DirectoryBackupError("cannot write " + draft.string() + ": " + failure.code().message());
  } catch (const store::OpenError& failure) {
    throw DirectoryBackupError(failure.what());
  }
}

void DirectoryBackups::restore_file(const File& file, const fs::path& place) const {
  OpenFile output(place, O_WRONLY | O_CREAT | O_TRUNC);
  if (!output.is_open()) throw_file_error("write", place, errno);
  const auto input = bucket_.open(file_key(file));
  std::vector<char> block(kBlockBytes);
  Hash hash;
  while (const std::size_t count = input->read(block.data(), block.size())) {
    hash.add({block.data(), count});
    output.write({block.data(), count});
  }
  if (hash.text() != file.hash) throw DirectoryBackupError(file_key(file) + " of the backup is damaged");
  output.sync();
}

}  // namespace stator::engine
