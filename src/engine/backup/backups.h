#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/log_sink.h"
#include "engine/backup/backup_info.h"
#include "store/store.h"

namespace stator::engine {

/// Throws TableNotFoundException.
[[noreturn]] void throw_no_table(std::string_view name);
/// Throws PointInTimeRecoveryUnavailableException.
[[noreturn]] void throw_no_recovery(std::string_view table_name);

/// "01791504762511-2779fadd": the time in milliseconds, and a hash of `name` and `attempt`.
std::string id_of_moment(std::int64_t time_ms, std::string_view name, std::uint64_t attempt);

/// The backups: each is a row of the catalog and a checkpoint of the store below `directory`. The checkpoint is made
/// before the row and removed after it, so a kill may leave a checkpoint without a row, never the reverse. Safe to use
/// from several threads.
class Backups {
 public:
  /// `directory`: the data directory, which contains `backups`; empty in memory.
  Backups(store::Store& store, const core::Clock& clock, const std::filesystem::path& directory, core::LogSink log);

  /// Reads the rows. Throws store::OpenError if one is damaged.
  void load();
  /// Removes checkpoints that belong to no backup and are not among `cuts_in_use`, and rows whose checkpoint is
  /// missing.
  void clear_leftovers(const std::vector<std::string>& cuts_in_use);

  /// Makes a backup of the table's current state. Throws TableNotFoundException if the table is missing or being
  /// restored; store::StoreError.
  BackupPtr create(std::string_view table_name, std::string_view backup_name, BackupType type, std::int64_t expires_ms);
  /// Null if there is none.
  [[nodiscard]] BackupPtr find(std::string_view id) const;
  /// All backups, oldest first.
  [[nodiscard]] std::vector<BackupPtr> list() const;
  /// Does nothing if there is no such backup. Throws store::StoreError if the row cannot be removed.
  void remove(std::string_view id);

  /// The spaces of a table that a restore or an export reads: its items, and the records for its point-in-time
  /// recovery.
  struct Source {
    std::string_view table_name;
    store::SpaceId space = 0;
    store::SpaceId log_space = 0;
  };
  /// Makes a checkpoint that belongs to no backup; the caller removes it (`remove_cut`). Throws TableNotFoundException
  /// if the table was deleted meanwhile, PointInTimeRecoveryUnavailableException if its recovery was disabled; then no
  /// checkpoint is left.
  void make_cut(std::string_view name, const Source& source);
  /// A path in the checkpoint's directory for files that are removed together with it; empty in memory.
  [[nodiscard]] std::filesystem::path place_beside(std::string_view cut) const;
  /// Makes a checkpoint for a restore, as `make_cut` does; returns its name.
  [[nodiscard]] std::string make_restore_cut(const Source& source);
  [[nodiscard]] std::unique_ptr<store::Store> open_cut(std::string_view name) const;
  /// Removes a checkpoint. One that cannot be removed is logged, and removed at the next start.
  void remove_cut(std::string_view name);

 private:
  [[nodiscard]] std::string new_id(std::int64_t now_ms, std::string_view table_name) const;
  [[nodiscard]] std::string new_system_id(std::int64_t now_ms) const;
  void make_checkpoint(std::string_view name);
  void check_is_there(const Source& source) const;
  void read_cut(BackupInfo& backup, std::string_view table_name) const;

  store::Store& store_;
  const core::Clock& clock_;
  const std::filesystem::path directory_;
  const bool in_memory_;
  const core::LogSink log_;
  std::mutex creating_;
  std::uint64_t restore_cuts_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, BackupPtr, std::less<>> backups_;
};

}  // namespace stator::engine
