#include "store/store_number.h"

#include <sys/stat.h>
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>

#include "core/hexadecimal.h"
#include "store/file_list.h"
#include "store/small_file.h"
#include "store/store_links.h"

namespace stator::store {
namespace {

namespace fs = std::filesystem;
using rocksdb::IOStatus;

constexpr const char* kFile = "STORE";
constexpr std::string_view kDraft = "STORE.new";
constexpr std::string_view kFolder = "store";
constexpr std::string_view kList = "FILES";
/// The suffix of a list that is being written (file_list.cpp).
constexpr std::string_view kUnfinished = ".new";

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The number of the store that `name` (of a folder or a list) belongs to; `base` is the name for number 0.
std::optional<std::uint64_t> number_in(std::string_view name, std::string_view base) {
  if (name == base) return 0;
  if (!name.starts_with(base) || name.size() < base.size() + 2 || name[base.size()] != '.') return std::nullopt;
  return parse_number(name.substr(base.size() + 1));
}

/// `end`: the text after the number.
std::vector<std::uint64_t> numbers_in(const fs::path& directory, std::string_view base, std::string_view end = "") {
  std::vector<std::uint64_t> numbers;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(end)) continue;
    if (const auto number = number_in(name.substr(0, name.size() - end.size()), base)) numbers.push_back(*number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

std::string numbered(std::string_view base, std::uint64_t number) {
  return number == 0 ? std::string(base) : std::string(base) + "." + std::to_string(number);
}

fs::path draft_path(const fs::path& directory, std::uint64_t number) { return directory / numbered(kDraft, number); }

std::string line_for(std::uint64_t number) {
  const std::string name = numbered(kFolder, number);
  return name + " " + core::hexadecimal(std::uint64_t{XXH3_64bits(name.data(), name.size())}) + "\n";
}

}  // namespace

fs::path store_folder(const fs::path& directory, std::uint64_t number) { return directory / numbered(kFolder, number); }

fs::path store_list(const fs::path& directory, std::uint64_t number) { return directory / numbered(kList, number); }

bool is_name_of_store(std::string_view name) {
  if (name == kFile || number_in(name, kFolder) || number_in(name, kDraft)) return true;
  if (name.ends_with(kUnfinished)) name.remove_suffix(kUnfinished.size());
  return number_in(name, kList).has_value();
}

std::optional<std::uint64_t> read_store_number(const fs::path& directory) {
  const std::optional<std::string> text = read_if_there(directory / kFile);
  if (!text) return std::nullopt;
  const auto number = number_in(std::string_view(*text).substr(0, text->find(' ')), kFolder);
  if (!number || *text != line_for(*number)) throw std::runtime_error("it does not name a store");
  return number;
}

IOStatus draft_store_number(rocksdb::FileSystem& files, const fs::path& directory, std::uint64_t number) {
  const rocksdb::IOOptions io;
  const std::string draft = draft_path(directory, number).string();
  std::unique_ptr<rocksdb::FSWritableFile> file;
  IOStatus status = files.NewWritableFile(draft, rocksdb::FileOptions(), &file, nullptr);
  if (status.ok() && ::chmod(draft.c_str(), 0600) != 0) status = IOStatus::IOError(draft, "cannot be made private");
  if (status.ok()) status = file->Append(line_for(number), io, nullptr);
  return status.ok() ? file->Fsync(io, nullptr) : status;
}

void remove_draft(rocksdb::FileSystem& files, const fs::path& directory, std::uint64_t number) {
  files.DeleteFile(draft_path(directory, number).string(), rocksdb::IOOptions(), nullptr).PermitUncheckedError();
}

IOStatus write_store_number(rocksdb::FileSystem& files, const fs::path& directory, std::uint64_t number,
                            bool& replaced) {
  const std::string draft = draft_path(directory, number).string();
  IOStatus status = files.RenameFile(draft, (directory / kFile).string(), rocksdb::IOOptions(), nullptr);
  replaced = status.ok();
  if (!status.ok()) return status;
  return sync_directory(files, directory);
}

std::vector<std::uint64_t> stores_in(const fs::path& directory) { return numbers_in(directory, kFolder); }

void remove_other_stores(rocksdb::Env& files, const fs::path& directory, std::uint64_t number) {
  for (const std::uint64_t store : numbers_in(directory, kFolder)) {
    if (store != number) remove_store(files, store_folder(directory, store));
  }
  for (const std::uint64_t list : numbers_in(directory, kList)) {
    if (list != number) files.DeleteFile(store_list(directory, list).string()).PermitUncheckedError();
  }
  for (const std::uint64_t list : numbers_in(directory, kList, kUnfinished)) {
    if (list != number) {
      files.DeleteFile(store_list(directory, list).string() + std::string(kUnfinished)).PermitUncheckedError();
    }
  }
  for (const std::uint64_t draft : numbers_in(directory, kDraft)) {
    files.DeleteFile(draft_path(directory, draft).string()).PermitUncheckedError();
  }
}

}  // namespace stator::store
