#include "engine/snapshots.h"

#include <algorithm>
#include <chrono>
#include <system_error>

#include "core/api_error.h"
#include "core/clock.h"
#include "store/marker.h"

namespace stator::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxNameBytes = 64;
/// The folder of a snapshot that is being saved; no snapshot can have this name.
constexpr const char* kUnfinished = ".unfinished";

bool is_name(std::string_view name) {
  const auto is_fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  return !name.empty() && name.size() <= kMaxNameBytes && name.front() != '.' && std::ranges::all_of(name, is_fine);
}

void check_name(std::string_view name) {
  if (is_name(name)) return;
  core::throw_validation(
      "A snapshot's name is 1 to 64 letters, digits, hyphens, underscores and points, and begins with no point");
}

/// Whether `folder` is a snapshot. An incomplete one, left by a killed process, has no marker; a link belongs to
/// somebody else.
bool is_snapshot(const fs::path& folder) {
  std::error_code error;
  return fs::is_directory(fs::symlink_status(folder, error)) && fs::exists(folder / store::kMarkerFile, error);
}

[[noreturn]] void throw_no_snapshot() { core::throw_resource_not_found("There is no snapshot of that name"); }

std::int64_t saved_ms(const fs::path& snapshot) {
  std::error_code error;
  const auto written = fs::last_write_time(snapshot / store::kMarkerFile, error);
  if (error) return 0;
  const auto time = std::chrono::file_clock::to_sys(written);
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

std::vector<std::string> snapshot_folders(const fs::path& data_directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(data_directory / "snapshots", error)) {
    // The names of unfinished snapshots, and of those being removed, begin with a point.
    std::string name = entry.path().filename().string();
    if (!name.starts_with('.')) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
}

Snapshots::Snapshots(const fs::path& data_directory)
    : in_memory_(data_directory.empty()),
      directory_((in_memory_ ? fs::path("/") : fs::absolute(data_directory)) / "snapshots") {}

void Snapshots::clear_leftovers(store::Store& store) {
  if (in_memory_) return;
  store.remove_checkpoint(directory_ / kUnfinished);
  store.clear_checkpoints(directory_);
}

void Snapshots::save(store::Store& store, std::string_view name, store::CheckpointKind kind) {
  check_name(name);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (in_memory_) {
    store.remove_checkpoint(directory_ / name);
    saved_in_memory_.erase(std::string(name));
    store.checkpoint(directory_ / name);
    saved_in_memory_.emplace(name, core::Clock::system().now_ms());
    return;
  }
  const fs::path unfinished = directory_ / kUnfinished;
  store.remove_checkpoint(unfinished);
  store.checkpoint(unfinished, kind);
  store.move_checkpoint(unfinished, directory_ / name);
  store.settle_checkpoint(directory_ / name);
}

bool Snapshots::has(std::string_view name) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return has_locked(name);
}

bool Snapshots::has_locked(std::string_view name) const {
  return in_memory_ ? saved_in_memory_.contains(name) : is_name(name) && is_snapshot(directory_ / name);
}

fs::path Snapshots::find(std::string_view name) const {
  if (!has(name)) throw_no_snapshot();
  return directory_ / name;
}

void Snapshots::drop(store::Store& store, std::string_view name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!has_locked(name)) throw_no_snapshot();
  store.remove_checkpoint(directory_ / name);
  saved_in_memory_.erase(std::string(name));
}

std::vector<SnapshotInfo> Snapshots::list() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!in_memory_) return list_directory();
  std::vector<SnapshotInfo> snapshots;
  for (const auto& [name, saved] : saved_in_memory_) snapshots.push_back({name, saved});
  return snapshots;
}

std::vector<SnapshotInfo> Snapshots::list_directory() const {
  std::vector<SnapshotInfo> snapshots;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory_, error)) {
    std::string name = entry.path().filename().string();
    if (!is_name(name) || !is_snapshot(entry.path())) continue;
    snapshots.push_back({std::move(name), saved_ms(entry.path())});
  }
  std::ranges::sort(snapshots, {}, &SnapshotInfo::name);
  return snapshots;
}

}  // namespace stator::engine
