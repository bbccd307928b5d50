#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/clock.h"
#include "engine/bucket/bucket.h"
#include "engine/catalog.h"
#include "engine/import/bulk_put_info.h"
#include "engine/import/record_source.h"
#include "engine/jobs.h"
#include "engine/writer.h"
#include "store/store.h"

namespace stator::engine {

/// Puts the records of a bucket into a table that others use meanwhile: each as a PutItem of its own, with the
/// condition that it brings along. How far it has come is written after some records each, so behind a stop a few are
/// put again: of those, an item that is there as it was to be put counts as put, whatever its condition says now. What
/// could not be put goes to reports, a part for each of those steps.
class BulkPutJob final : public Job {
 public:
  struct Settings {
    store::Store& store;
    Writer& writer;
    Catalog& catalog;
    const core::Clock& clock;
    const Buckets& buckets;
    /// Whether the operation is to be cancelled.
    std::function<bool()> is_cancelled;
    /// Takes it as it is now, in memory: its row was written.
    std::function<void(const BulkPutInfo&)> moved;
    /// Takes it as it has ended, to be written.
    std::function<void(BulkPutInfo)> ended;
  };
  BulkPutJob(BulkPutInfo info, Settings settings);
  ~BulkPutJob() override;
  JobStep step() override;
  [[nodiscard]] JobProgress progress() const override { return progress_; }

 private:
  /// Lines of JSON that a step has for the reports.
  struct Reports {
    std::string errors;
    std::string condition_failures;
  };

  JobStep advance();
  void prepare();
  /// False when all were read. `units` get the write units that it took.
  bool put_chunk(double& units);
  /// Returns the write units that it took.
  double put_record(const TablePtr& table, const InputRecord& record, BulkPutInfo& info, Reports& reports);
  void write_reports(BulkPutInfo& info, const Reports& reports);
  void end(BulkPutStatus status);

  BulkPutInfo info_;
  const Settings settings_;
  std::unique_ptr<RecordSource> source_;
  std::unique_ptr<Bucket> output_;
  /// Until the first step is written, records may be here for the second time.
  bool repeats_ = true;
  JobProgress progress_;
};

}  // namespace stator::engine
