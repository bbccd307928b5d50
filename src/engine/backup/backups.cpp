#include "engine/backup/backups.h"

#include <xxhash.h>

#include <algorithm>

#include "core/api_error.h"
#include "core/hexadecimal.h"
#include "engine/keys.h"
#include "engine/state.h"
#include "engine/table_json.h"

namespace stator::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTimeDigits = 14;

std::string row_key(std::string_view id) { return catalog_key(CatalogRow::kBackup, id); }

std::string padded(std::int64_t number) {
  std::string digits = std::to_string(number);
  return std::string(kTimeDigits - std::min(kTimeDigits, digits.size()), '0') + digits;
}

}  // namespace

void throw_no_table(std::string_view name) {
  throw core::ApiError(core::ErrorCode::kTableNotFound, "Table not found: " + std::string(name));
}

void throw_no_recovery(std::string_view table_name) {
  throw core::ApiError(core::ErrorCode::kPointInTimeRecoveryUnavailable,
                       "Point in time recovery is not enabled for table '" + std::string(table_name) + "'");
}

std::string id_of_moment(std::int64_t time_ms, std::string_view name, std::uint64_t attempt) {
  const auto digits = static_cast<std::uint32_t>(XXH3_64bits_withSeed(name.data(), name.size(), attempt));
  return padded(time_ms) + "-" + core::hexadecimal(digits);
}

Backups::Backups(store::Store& store, const core::Clock& clock, const fs::path& directory, core::LogSink log)
    : store_(store),
      clock_(clock),
      directory_(directory.empty() ? fs::path("/backups") : directory / "backups"),
      in_memory_(directory.empty()),
      log_(std::move(log)) {}

void Backups::load() {
  const std::string lower = catalog_key(CatalogRow::kBackup);
  try {
    const auto rows = store_.cursor(lower, store::prefix_end(lower));
    for (rows->seek_to_first(); rows->valid(); rows->next()) {
      auto backup = std::make_shared<const BackupInfo>(backup_from_json(rows->value()));
      if (rows->key().substr(lower.size()) != backup->id) throw std::runtime_error("an id");
      const std::lock_guard<std::mutex> lock(mutex_);
      backups_.emplace(backup->id, std::move(backup));
    }
  } catch (const store::StoreError& error) {
    throw store::OpenError(std::string("the list of backups cannot be read: ") + error.what());
  } catch (const std::exception& error) {
    throw store::DamagedError(std::string("the list of backups is damaged: ") + error.what());
  }
}

void Backups::clear_leftovers(const std::vector<std::string>& cuts_in_use) {
  std::vector<std::string> found;
  try {
    found = store_.checkpoints_in(directory_);
  } catch (const store::StoreError& error) {
    // Without the list of checkpoints, no row may be removed because its checkpoint is missing.
    core::log(log_, core::LogLevel::kError, error.what());
    return;
  }
  for (const std::string& name : found) {
    if (find(name) == nullptr && std::ranges::find(cuts_in_use, name) == cuts_in_use.end()) remove_cut(name);
  }
  for (const BackupPtr& backup : list()) {
    if (std::ranges::find(found, backup->id) != found.end()) continue;
    core::log(log_, core::LogLevel::kWarning,
              "backup " + backup->id + " of table " + backup->table.name +
                  " is gone: " + (directory_ / backup->id).string() + " is missing");
    remove(backup->id);
  }
}

std::string Backups::new_id(std::int64_t now_ms, std::string_view table_name) const {
  for (std::uint64_t attempt = 0;; ++attempt) {
    std::string id = id_of_moment(now_ms, table_name, attempt);
    if (find(id) == nullptr) return id;
  }
}

/// As in the service, the time is all that differs. If several tables are deleted in the same millisecond, later ids
/// get a later time.
std::string Backups::new_system_id(std::int64_t now_ms) const {
  for (std::int64_t time_ms = now_ms;; ++time_ms) {
    std::string id = padded(time_ms) + "-00000000";
    if (find(id) == nullptr) return id;
  }
}

BackupPtr Backups::create(std::string_view table_name, std::string_view backup_name, BackupType type,
                          std::int64_t expires_ms) {
  auto backup = std::make_shared<BackupInfo>();
  backup->created_ms = clock_.now_ms();
  const std::lock_guard<std::mutex> one_at_a_time(creating_);
  backup->id = type == BackupType::kSystem ? new_system_id(backup->created_ms) : new_id(backup->created_ms, table_name);
  backup->name = backup_name;
  backup->type = type;
  backup->expires_ms = expires_ms;
  make_checkpoint(backup->id);
  try {
    read_cut(*backup, table_name);
    store::Batch batch;
    batch.put(row_key(backup->id), backup_to_json(*backup));
    store_.write(batch);
  } catch (...) {
    remove_cut(backup->id);
    throw;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  backups_.emplace(backup->id, backup);
  return backup;
}

/// Fills in table and counts from the checkpoint, and so verifies that it can be opened.
void Backups::read_cut(BackupInfo& backup, std::string_view table_name) const {
  std::unique_ptr<store::Store> cut;
  try {
    cut = open_cut(backup.id);
  } catch (const store::OpenError& error) {
    throw store::StoreError(std::string("the backup cannot be read: ") + error.what());
  }
  std::string row;
  if (!cut->get(catalog_key(CatalogRow::kTable, table_name), row)) throw_no_table(table_name);
  backup.table = table_from_json(row);
  if (backup.table.restore) throw_no_table(table_name);
  Stripes stripes(1);
  Counters counters;
  counters.load_once(*cut, backup.table);
  backup.counts = counters.sum(backup.table, stripes).table;
}

BackupPtr Backups::find(std::string_view id) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = backups_.find(id);
  return found == backups_.end() ? nullptr : found->second;
}

std::vector<BackupPtr> Backups::list() const {
  std::vector<BackupPtr> backups;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [id, backup] : backups_) backups.push_back(backup);  // ids begin with the time
  return backups;
}

void Backups::remove(std::string_view id) {
  store::Batch batch;
  batch.remove(row_key(id));
  store_.write(batch);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = backups_.find(id);
    if (found == backups_.end()) return;
    backups_.erase(found);
  }
  remove_cut(id);
}

void Backups::make_checkpoint(std::string_view name) { store_.checkpoint(directory_ / name); }

void Backups::make_cut(std::string_view name, const Source& source) {
  make_checkpoint(name);
  try {
    check_is_there(source);
  } catch (...) {
    remove_cut(name);
    throw;
  }
}

/// A table's row is removed, or names other spaces, before anything in its spaces is deleted. So a checkpoint made
/// before this check has everything in the spaces.
void Backups::check_is_there(const Source& source) const {
  std::string row;
  if (!store_.get(catalog_key(CatalogRow::kTable, source.table_name), row)) throw_no_table(source.table_name);
  const Table table = table_from_json(row);
  if (table.space != source.space) throw_no_table(source.table_name);
  if (table.recovery_space != source.log_space) throw_no_recovery(table.name);
}

fs::path Backups::place_beside(std::string_view cut) const {
  return in_memory_ ? fs::path() : directory_ / cut / "beside";
}

std::string Backups::make_restore_cut(const Source& source) {
  const std::lock_guard<std::mutex> one_at_a_time(creating_);
  // No backup's id begins with "restore-"; the number distinguishes restores in the same millisecond.
  std::string name = "restore-" + new_id(clock_.now_ms(), source.table_name) + "-" + std::to_string(restore_cuts_++);
  make_cut(name, source);
  return name;
}

std::unique_ptr<store::Store> Backups::open_cut(std::string_view name) const {
  return store_.open_checkpoint(directory_ / name);
}

void Backups::remove_cut(std::string_view name) {
  try {
    store_.remove_checkpoint(directory_ / name);
  } catch (const store::StoreError& error) {
    core::log(log_, core::LogLevel::kError, error.what());
  }
}

}  // namespace stator::engine
