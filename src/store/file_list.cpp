#include "store/file_list.h"

#include <sys/stat.h>
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "core/hexadecimal.h"

namespace stator::store {
namespace {

namespace fs = std::filesystem;
using rocksdb::IOStatus;

constexpr std::string_view kFirstLine = "stator files 1";
/// How much of the end of a table is hashed: footer, properties, range tombstones and their index blocks.
constexpr std::uint64_t kTableTailBytes = 4096;
constexpr std::size_t kHexDigits = 16;
/// The unit that a disk writes atomically.
constexpr std::size_t kSectorBytes = 512;

/// Each line's hash is seeded with that of the line before, so that a lost, changed or moved line is noticed.
std::uint64_t next_in_chain(std::uint64_t chain, std::string_view line) {
  return XXH3_64bits_withSeed(line.data(), line.size(), chain);
}

template <class Number>
Number parse_number(std::string_view text, int base) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) throw std::runtime_error("a number was expected");
  return number;
}

std::string_view take_word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

void read_line(std::string_view line, FileListContent& content) {
  const std::string_view kind = take_word(line);
  const std::string name(take_word(line));
  if (kind == "open") {
    content.sealed = false;
    content.files.clear();
  } else if (kind == "file") {
    SealedFile file{.name = name, .size_bytes = parse_number<std::uint64_t>(take_word(line), 10), .hash = 0};
    file.hash = parse_number<std::uint64_t>(take_word(line), 16);
    content.files.push_back(std::move(file));
  } else if (kind == "sealed") {
    content.sealed = true;
  } else if (kind == "log") {
    content.logs[name] = std::nullopt;
  } else if (kind == "full-log") {
    const auto size_bytes = parse_number<std::uint64_t>(take_word(line), 10);
    if (!content.unneeded_logs.contains(name)) content.logs[name] = size_bytes;
  } else if (kind == "unneeded-log") {
    content.logs.erase(name);
    content.unneeded_logs[name] = true;
  } else if (kind == "manifest") {
    if (name != content.manifest) content.manifest_bytes = 0;
    content.manifest = name;
    content.manifest_bytes = std::max(content.manifest_bytes, parse_number<std::uint64_t>(take_word(line), 10));
  }
  // Skips other kinds of lines, which come from later versions.
}

std::string manifest_line(const std::string& name, std::uint64_t size_bytes) {
  return "manifest " + name + " " + std::to_string(size_bytes);
}

SealedFile describe(const fs::path& path) {
  const std::uint64_t size_bytes = fs::file_size(path);
  const std::uint64_t offset =
      path.extension() == ".sst" && size_bytes > kTableTailBytes ? size_bytes - kTableTailBytes : 0;
  std::string bytes(static_cast<std::size_t>(size_bytes - offset), '\0');
  std::ifstream in(path, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(offset));
  if (!in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    throw fs::filesystem_error("cannot read", path, std::make_error_code(std::errc::io_error));
  }
  return {.name = path.filename().string(), .size_bytes = size_bytes, .hash = XXH3_64bits(bytes.data(), bytes.size())};
}

IOStatus size_of(rocksdb::FileSystem& files, const fs::path& path, std::uint64_t& size_bytes) {
  return files.GetFileSize(path.string(), rocksdb::IOOptions(), &size_bytes, nullptr);
}

/// Whether `line` contains zeros (no written line does) that reach to the end of their sector or of the list: a power
/// loss leaves such zeros where a sector was not written. `offset`: position of the line in the list; `rest`: the list
/// from the line on.
bool was_never_written(std::string_view line, std::string_view rest, std::size_t offset) {
  const std::size_t first = line.find('\0');
  if (first == std::string_view::npos) return false;
  const std::size_t end = std::min(rest.find_first_not_of('\0', first), rest.size());
  const std::size_t border = (offset + first) / kSectorBytes * kSectorBytes + kSectorBytes - offset;
  return end >= std::min(border, rest.size());
}

}  // namespace

IOStatus sync_directory(rocksdb::FileSystem& files, const fs::path& path) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  IOStatus status = files.NewDirectory(path.string(), rocksdb::IOOptions(), &directory, nullptr);
  return status.ok() ? directory->Fsync(rocksdb::IOOptions(), nullptr) : status;
}

bool is_store_file(std::string_view name) {
  const auto ends = [name](std::string_view end) { return name.ends_with(end); };
  const auto is_number = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (name == "CURRENT" || name == "IDENTITY") return true;
  if (name.starts_with("MANIFEST-")) return is_number(name.substr(9));
  if (name.starts_with("OPTIONS-")) return is_number(name.substr(8));
  return (ends(".sst") || ends(".log")) && is_number(name.substr(0, name.size() - 4));
}

std::vector<SealedFile> list_files(const fs::path& store_path) {
  std::vector<SealedFile> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(store_path)) {
    if (is_store_file(entry.path().filename().string())) files.push_back(describe(entry.path()));
  }
  std::sort(files.begin(), files.end(), [](const SealedFile& a, const SealedFile& b) { return a.name < b.name; });
  return files;
}

FileListContent parse_file_list(std::string_view text) {
  FileListContent content;
  const std::size_t total_bytes = text.size();
  std::uint64_t chain = 0;
  bool first = true;
  bool opened = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const bool torn = end == std::string_view::npos;
    std::string_view line = text.substr(0, end);
    // Sectors that did not reach the disk may leave zeros in a line; the list ends before it.
    if (torn && !first && !content.sealed) break;
    if (!first && !content.sealed && was_never_written(line, text, total_bytes - text.size())) break;
    if (torn) throw std::runtime_error("its last line is cut off");
    text.remove_prefix(end + 1);
    if (line.size() < kHexDigits + 1) throw std::runtime_error("a line is too short");
    const std::string_view sum = line.substr(line.size() - kHexDigits);
    line.remove_suffix(kHexDigits + 1);
    chain = next_in_chain(chain, line);
    if (sum != core::hexadecimal(chain)) throw std::runtime_error("a line's checksum does not match");
    if (first && line != kFirstLine) throw std::runtime_error("it is of a kind that this version does not know");
    if (!first) read_line(line, content);
    opened = opened || line == "open";
    first = false;
  }
  if (!content.sealed && (!opened || !content.files.empty())) throw std::runtime_error("it is cut off");
  if (first) throw std::runtime_error("it is empty");
  content.chain = chain;
  return content;
}

/// Collects lines with their checksums.
class FileList::Lines {
 public:
  Lines() { add(std::string(kFirstLine)); }
  void add(std::string_view line) {
    chain_ = next_in_chain(chain_, line);
    text_.append(line).append(" ").append(core::hexadecimal(chain_)).append("\n");
  }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::uint64_t chain() const { return chain_; }

 private:
  std::string text_;
  std::uint64_t chain_ = 0;
};

FileList::FileList(std::shared_ptr<rocksdb::FileSystem> files, fs::path path)
    : files_(std::move(files)), path_(std::move(path)) {}

IOStatus FileList::replace(const Lines& lines) {
  const rocksdb::IOOptions io;
  const std::string draft = path_.string() + ".new";
  std::unique_ptr<rocksdb::FSWritableFile> file;
  IOStatus status = files_->NewWritableFile(draft, rocksdb::FileOptions(), &file, nullptr);
  if (status.ok() && ::chmod(draft.c_str(), 0600) != 0) status = IOStatus::IOError(draft, "cannot be made private");
  if (status.ok()) status = file->Append(lines.text(), io, nullptr);
  if (status.ok()) status = file->Fsync(io, nullptr);
  if (status.ok()) status = files_->RenameFile(draft, path_.string(), io, nullptr);
  if (status.ok()) status = sync_directory(*files_, path_.parent_path());
  if (!status.ok()) return status;
  file_ = std::move(file);
  torn_at_.reset();
  chain_ = lines.chain();
  return status;
}

IOStatus FileList::open_to_append() {
  if (!torn_at_) return file_ != nullptr ? IOStatus::OK() : IOStatus::IOError("the list of files is not open");
  const rocksdb::IOOptions io;
  // Reopened, because truncating an open file does not move its write position: the next line would follow a gap.
  std::unique_ptr<rocksdb::FSWritableFile> file;
  IOStatus status = files_->ReopenWritableFile(path_.string(), rocksdb::FileOptions(), &file, nullptr);
  if (status.ok()) status = file->Truncate(*torn_at_, io, nullptr);
  if (!status.ok()) return status;
  file_ = std::move(file);
  torn_at_.reset();
  return status;
}

IOStatus FileList::append(std::string_view line, bool sync) {
  IOStatus status = open_to_append();
  if (!status.ok()) return status;
  const std::uint64_t chain = next_in_chain(chain_, line);
  const rocksdb::IOOptions io;
  std::uint64_t before_bytes = 0;
  status = size_of(*files_, path_, before_bytes);
  if (!status.ok()) return status;
  status = file_->Append(std::string(line).append(" ").append(core::hexadecimal(chain)).append("\n"), io, nullptr);
  if (!status.ok()) {
    // An incomplete line followed by others would count as damage.
    torn_at_ = before_bytes;
    return status;
  }
  // The line is in the file, even if the sync below fails.
  chain_ = chain;
  return sync ? file_->Fsync(io, nullptr) : file_->Flush(io, nullptr);
}

IOStatus FileList::unseal(const FileListContent& list) {
  const std::lock_guard<std::mutex> lock(mutex_);
  chain_ = list.chain;
  manifest_.clear();
  newest_log_.clear();
  full_log_line_.clear();
  IOStatus status = files_->ReopenWritableFile(path_.string(), rocksdb::FileOptions(), &file_, nullptr);
  return status.ok() ? append("open", true) : status;
}

IOStatus FileList::begin(const FileListContent& known, const fs::path& store_path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  IOStatus status = sync_directory(*files_, store_path);
  if (!status.ok()) return status;
  Lines lines;
  lines.add("open");
  for (const auto& [name, size_bytes] : known.logs) {
    lines.add(size_bytes ? "full-log " + name + " " + std::to_string(*size_bytes) : "log " + name);
  }
  for (const auto& [name, unneeded] : known.unneeded_logs) lines.add("unneeded-log " + name);
  if (!known.manifest.empty()) lines.add(manifest_line(known.manifest, known.manifest_bytes));
  manifest_ = known.manifest;
  newest_log_.clear();
  full_log_line_.clear();
  return replace(lines);
}

IOStatus FileList::log_created(const std::string& name, const fs::path& store_path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // The log's name must be on the disk before a line of the list mentions it.
  IOStatus status = sync_directory(*files_, store_path);
  if (!status.ok()) return status;
  if (!full_log_line_.empty()) status = append(std::exchange(full_log_line_, {}), false);
  if (status.ok() && !newest_log_.empty() && !newest_log_is_torn_) {
    std::uint64_t size_bytes = 0;
    status = size_of(*files_, store_path / newest_log_, size_bytes);
    if (status.ok()) full_log_line_ = "full-log " + newest_log_ + " " + std::to_string(size_bytes);
  }
  if (!status.ok()) return status;
  newest_log_ = name;
  newest_log_is_torn_ = false;
  return append("log " + name, false);
}

IOStatus FileList::log_begins() {
  const std::lock_guard<std::mutex> lock(mutex_);
  IOStatus status = open_to_append();
  if (status.ok()) status = file_->Fsync(rocksdb::IOOptions(), nullptr);
  if (status.ok() && !full_log_line_.empty()) status = append(std::exchange(full_log_line_, {}), false);
  return status;
}

void FileList::log_is_torn() {
  const std::lock_guard<std::mutex> lock(mutex_);
  newest_log_is_torn_ = true;
}

IOStatus FileList::log_unneeded(const std::string& name, const fs::path& store_path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::uint64_t size_bytes = 0;
  IOStatus status;
  if (!manifest_.empty()) status = size_of(*files_, store_path / manifest_, size_bytes);
  // The record that makes the log unneeded is in the manifest, so the manifest must not become shorter than its current
  // size.
  if (status.ok() && !manifest_.empty()) status = append(manifest_line(manifest_, size_bytes), false);
  if (status.ok()) status = append("unneeded-log " + name, true);
  if (full_log_line_.starts_with("full-log " + name + " ")) full_log_line_.clear();
  return status;
}

IOStatus FileList::manifest_switched(const std::string& name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  manifest_ = name;
  return append(manifest_line(name, 0), false);
}

IOStatus FileList::seal(const std::vector<SealedFile>& files) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Lines lines;
  for (const SealedFile& file : files) {
    lines.add("file " + file.name + " " + std::to_string(file.size_bytes) + " " + core::hexadecimal(file.hash));
  }
  lines.add("sealed");
  return replace(lines);
}

}  // namespace stator::store
