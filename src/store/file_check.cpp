#include "store/file_check.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "store/marker.h"
#include "store/record_check.h"
#include "store/small_file.h"
#include "store/store.h"
#include "store/store_number.h"
#include "store/table_check.h"

namespace stator::store {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

/// The file's name with its folder.
std::string in_store(const fs::path& file) { return (file.parent_path().filename() / file.filename()).string(); }

/// File numbers have leading zeros up to six digits, so a longer name is a later one.
bool is_earlier(const std::string& left, const std::string& right) {
  return left.size() != right.size() ? left.size() < right.size() : left < right;
}

FileListContent read_list(const std::string& text) {
  try {
    return parse_file_list(text);
  } catch (const std::runtime_error& error) {
    fail(std::string("the file FILES: ") + error.what());
  }
}

/// Checks that every file is as the clean stop left it, and that there are no others that RocksDB would replay or
/// delete.
void check_seal(const fs::path& store_path, CheckedFiles& checked) {
  std::vector<SealedFile> found = list_files(store_path);
  // A stop that is interrupted just after the seal leaves an empty log.
  std::erase_if(found, [&](const SealedFile& file) {
    if (!file.name.ends_with(".log") || file.size_bytes > 0) return false;
    checked.empty_logs.push_back(store_path / file.name);
    return true;
  });
  auto next = found.begin();
  for (const SealedFile& expected : checked.known.files) {
    if (next != found.end() && next->name < expected.name) break;
    if (next == found.end() || next->name != expected.name) fail(in_store(store_path / expected.name) + " is missing");
    if (next->size_bytes != expected.size_bytes) {
      fail(in_store(store_path / expected.name) + " has " + std::to_string(next->size_bytes) + " bytes instead of " +
           std::to_string(expected.size_bytes));
    }
    if (next->hash != expected.hash)
      fail(in_store(store_path / expected.name) + " was changed: its checksum does not match");
    ++next;
  }
  if (next != found.end()) fail(in_store(store_path / next->name) + " does not belong to the store");
}

/// Checks that the manifest named in CURRENT is sound, at least up to the length in the list. Returns its name.
std::string check_manifest(const fs::path& store_path, CheckedFiles& checked) {
  const FileListContent& list = checked.known;
  std::string name = read_if_there(store_path / "CURRENT").value_or("");
  if (name.empty() || name.back() != '\n') fail(in_store(store_path / "CURRENT") + " does not name a manifest");
  name.pop_back();
  if (!name.starts_with("MANIFEST-") || !is_store_file(name))
    fail(in_store(store_path / "CURRENT") + " does not name a manifest");
  if (!fs::exists(store_path / name))
    fail(in_store(store_path / name) + ", which " + in_store(store_path / "CURRENT") + " names, is missing");
  // The list is written after CURRENT, so CURRENT may be ahead by one manifest.
  if (!list.manifest.empty() && is_earlier(name, list.manifest)) {
    fail(in_store(store_path / "CURRENT") + " names " + name + ", which " + list.manifest + " had replaced");
  }
  const RecordsFound records = check_records(store_path / name);
  if (records.state == RecordsState::kDamaged) fail(in_store(store_path / name) + ": a record fails its checksum");
  if (records.sound_bytes == 0) fail(in_store(store_path / name) + " is empty");
  if (name == list.manifest && records.sound_bytes < list.manifest_bytes)
    fail(in_store(store_path / name) + " is cut off");
  if (records.state == RecordsState::kTornEnd) checked.torn_files[store_path / name] = records.sound_bytes;
  return name;
}

void check_tables(const fs::path& store_path, const std::string& manifest_name) {
  const std::string manifest = read_if_there(store_path / manifest_name, SIZE_MAX).value_or("");
  for (const fs::directory_entry& entry : fs::directory_iterator(store_path)) {
    if (entry.path().extension() == ".sst" && table_end_is_damaged(entry.path()) &&
        may_be_named(manifest, entry.path())) {
      fail(in_store(entry.path()) + ": a block fails its checksum");
    }
  }
}

std::vector<std::string> logs_in_order(const fs::path& store_path) {
  std::vector<std::string> logs;
  for (const fs::directory_entry& entry : fs::directory_iterator(store_path)) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() == ".log" && is_store_file(name)) logs.push_back(name);
  }
  std::sort(logs.begin(), logs.end(), is_earlier);
  return logs;
}

void check_listed_logs(const fs::path& store_path, const FileListContent& list) {
  for (const auto& [name, size_bytes] : list.logs) {
    std::error_code error;
    const std::uintmax_t found = fs::file_size(store_path / name, error);
    if (error == std::errc::no_such_file_or_directory) fail(in_store(store_path / name) + " is missing");
    if (error) throw fs::filesystem_error("cannot read", store_path / name, error);
    if (size_bytes && found != *size_bytes) {
      fail(in_store(store_path / name) + " has " + std::to_string(found) + " bytes instead of " +
           std::to_string(*size_bytes));
    }
  }
}

/// Checks that all logs are sound; only the last one that is not empty may end in a torn record.
void check_logs(const fs::path& store_path, bool has_list, LogsToCheck to_check, CheckedFiles& checked) {
  const auto listed_logs = std::move(checked.known.logs);
  checked.known.logs.clear();
  std::string torn_log;
  const std::vector<std::string> names = logs_in_order(store_path);
  std::string newest;
  for (const std::string& name : names) {
    if (fs::file_size(store_path / name) > 0) newest = name;
  }
  for (const std::string& name : names) {
    if (checked.known.unneeded_logs.contains(name)) continue;
    const std::uintmax_t size_bytes = fs::file_size(store_path / name);
    if (size_bytes == 0) {
      checked.empty_logs.push_back(store_path / name);
      continue;
    }
    // A log is listed before it gets its first record.
    if (has_list && !listed_logs.contains(name)) fail(in_store(store_path / name) + " does not belong to the store");
    if (!torn_log.empty())
      fail(in_store(store_path / torn_log) + ", which is not the newest write-ahead log, is cut off");
    if (to_check == LogsToCheck::kNewest && name != newest) {
      checked.known.logs[name] = size_bytes;
      continue;
    }
    const RecordsFound records = check_records(store_path / name);
    if (records.state == RecordsState::kDamaged) {
      fail(in_store(store_path / name) + ": a record in the write-ahead log fails its checksum");
    }
    if (records.state == RecordsState::kTornEnd) {
      torn_log = name;
      checked.torn_files[store_path / name] = records.sound_bytes;
    }
    checked.known.logs[name] = records.state == RecordsState::kTornEnd ? records.sound_bytes : size_bytes;
  }
}

}  // namespace

CheckedFiles check_files(const fs::path& store_path, const std::optional<std::string>& list, LogsToCheck logs) {
  CheckedFiles checked;
  if (list) checked.known = read_list(*list);
  if (checked.known.sealed) {
    check_seal(store_path, checked);
    checked.sealed = true;
    return checked;
  }
  check_tables(store_path, check_manifest(store_path, checked));
  check_listed_logs(store_path, checked.known);
  check_logs(store_path, list.has_value(), logs, checked);
  return checked;
}

void refuse_unreadable_files(const fs::path& directory) {
  const auto refuse_unreadable = [](const fs::path& path) {
    if (::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0 || (errno != EACCES && errno != EPERM)) return;
    throw OpenError("cannot read " + path.string() + ": permission denied; its owner or mode was changed");
  };
  std::error_code ignored;
  refuse_unreadable(directory);
  refuse_unreadable(directory / kMarkerFile);
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, ignored)) {
    if (!is_name_of_store(entry.path().filename().string())) continue;
    refuse_unreadable(entry.path());
    if (!entry.is_directory(ignored)) continue;
    for (const fs::directory_entry& file : fs::directory_iterator(entry.path(), ignored)) {
      if (is_store_file(file.path().filename().string())) refuse_unreadable(file.path());
    }
  }
}

}  // namespace stator::store
