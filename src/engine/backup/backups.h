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
  /// `directory` is `backups` in the data directory; in memory a name in the store's own environment.
  Backups(store::Store& store, const core::Clock& clock, const std::filesystem::path& directory, core::LogSink log);

  /// Reads the rows. Throws store::OpenError where one is damaged.
  void load();
  /// Removes checkpoints that neither a backup nor one of `cuts_in_use` is, and rows without their checkpoint.
  void clear_leftovers(const std::vector<std::string>& cuts_in_use);

  /// Makes a backup of the table as it is now. Throws TableNotFoundException where it is missing, being created or
  /// being restored; store::StoreError.
  BackupPtr create(std::string_view table_name, std::string_view backup_name, BackupType type, std::int64_t expires_ms);
  /// Null where there is none.
  [[nodiscard]] BackupPtr find(std::string_view id) const;
  /// In the order in which they were made.
  [[nodiscard]] std::vector<BackupPtr> list() const;
  /// Does nothing where there is none. Throws store::StoreError where the row cannot be removed.
  void remove(std::string_view id);

  /// What a restore or an export reads of a table: its items and the records for its point-in-time recovery.
  struct Source {
    std::string_view table_name;
    store::SpaceId space = 0;
    store::SpaceId log_space = 0;
  };
  /// Makes a checkpoint that belongs to no backup; the caller removes it (`remove_cut`). Throws, and leaves none, where
  /// the table was deleted (TableNotFoundException) or its recovery switched off meanwhile
  /// (PointInTimeRecoveryUnavailableException).
  void make_cut(std::string_view name, const Source& source);
  /// A path in the checkpoint's directory for files that are to be removed with it; empty in memory.
  [[nodiscard]] std::filesystem::path place_beside(std::string_view cut) const;
  /// The same for a restore; returns the checkpoint's name.
  [[nodiscard]] std::string make_restore_cut(const Source& source);
  [[nodiscard]] std::unique_ptr<store::Store> open_cut(std::string_view name) const;
  /// A checkpoint that cannot be removed is logged, and removed at the next start.
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
