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

/// The exports: each is a row of the catalog; while it is under way also a checkpoint, from which a job writes the
/// files. One that a stop interrupted begins again from the same checkpoint, and writes the same files. Safe to use
/// from several threads.
class Exports {
 public:
  struct Environment {
    store::Store& store;
    Backups& backups;
    const core::Clock& clock;
    ChosenBuckets& buckets;
    core::LogSink log;
  };
  /// `add_job` is called with a job for each export that is to be written.
  Exports(Environment environment, std::function<void(JobOptions, std::unique_ptr<Job>)> add_job);

  /// Reads the rows. Throws store::OpenError where one is damaged.
  void load();
  /// Resumes the exports that are in progress.
  void resume();
  /// The checkpoints of exports in progress.
  [[nodiscard]] std::vector<std::string> cuts_in_use() const;

  /// Begins an export of the table as `request` says; id, status and time of the start are filled in, and an `arn` that
  /// ends with "/export/" gets the id. Under a token that was used before the export of that time is returned. Throws
  /// ExportConflictException where the token belongs to another request, TableNotFoundException, store::StoreError.
  ExportPtr start(ExportInfo request);
  /// Null where there is none.
  [[nodiscard]] ExportPtr find(std::string_view id) const;
  /// The latest first.
  [[nodiscard]] std::vector<ExportPtr> list() const;

 private:
  void begin(const ExportPtr& info);
  /// Puts a new version of a row in its place, durably.
  void save(const ExportPtr& info);
  /// Notes the end of the export, with the result in `info`.
  void end(ExportInfo info);

  const Environment environment_;
  const std::function<void(JobOptions, std::unique_ptr<Job>)> add_job_;
  /// Held while an export begins, so that a token begins one only.
  std::mutex starting_;
  mutable std::mutex mutex_;
  std::map<std::string, ExportPtr, std::less<>> exports_;
};

}  // namespace stator::engine
