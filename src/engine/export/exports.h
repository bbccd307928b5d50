#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/log_sink.h"
#include "engine/backup/backups.h"
#include "engine/bucket/chosen_buckets.h"
#include "engine/export/export_info.h"
#include "engine/jobs.h"
#include "store/store.h"

namespace stator::engine {

/// The exports. Each is a row of the catalog and, while it is in progress, a checkpoint from which a job writes the
/// files. After a restart an unfinished export begins again from the same checkpoint and writes the same files. Safe to
/// use from several threads.
class Exports {
 public:
  struct Environment {
    store::Store& store;
    Backups& backups;
    const core::Clock& clock;
    ChosenBuckets& buckets;
    core::LogSink log;
  };
  /// `add_job` is called with the job of each export.
  Exports(Environment environment, std::function<void(JobOptions, std::unique_ptr<Job>)> add_job);

  /// Reads the rows. Throws store::OpenError if one is damaged.
  void load();
  /// Resumes the exports that are in progress.
  void resume();
  /// The checkpoints of exports in progress.
  [[nodiscard]] std::vector<std::string> cuts_in_use() const;

  /// Begins the export that `request` describes. Fills in id and start time, and appends the id to `arn`, which ends
  /// with "/export/". If the token was used before, returns the export it began. Throws ExportConflictException if the
  /// token belongs to another request, TableNotFoundException, PointInTimeRecoveryUnavailableException,
  /// store::StoreError.
  ExportPtr start(ExportInfo request);
  /// Null if there is none.
  [[nodiscard]] ExportPtr find(std::string_view id) const;
  /// All exports, latest first.
  [[nodiscard]] std::vector<ExportPtr> list() const;

 private:
  void begin(const ExportPtr& info);
  /// Writes the export's row, durably, and publishes it.
  void save(const ExportPtr& info);
  /// Saves the ended export and removes its checkpoint.
  void end(ExportInfo info);

  const Environment environment_;
  const std::function<void(JobOptions, std::unique_ptr<Job>)> add_job_;
  /// Held while an export begins, so that a token begins only one.
  std::mutex starting_;
  mutable std::mutex mutex_;
  std::map<std::string, ExportPtr, std::less<>> exports_;
};

}  // namespace stator::engine
