#pragma once

#include <functional>
#include <memory>
#include <optional>
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

/// Puts the records of a bucket into a table in use, each by a separate PutItem with the record's condition. The
/// progress is written after each chunk of records, so after a restart some records are put again. Among those, a
/// record whose condition fails counts as put if the stored item already equals it. Records that cannot be put are
/// listed in reports, one part for each chunk.
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
    /// Called with the new state after its row was written.
    std::function<void(const BulkPutInfo&)> moved;
    /// Called with the ended operation; must write its row.
    std::function<void(BulkPutInfo)> ended;
  };
  /// `resumed`: the operation ran before a restart.
  BulkPutJob(BulkPutInfo info, Settings settings, bool resumed);
  ~BulkPutJob() override;
  JobStep step() override;
  [[nodiscard]] JobProgress progress() const override { return progress_; }

 private:
  /// One chunk's JSON lines for the reports.
  struct Reports {
    std::string errors;
    std::string condition_failures;
  };
  /// A record that waits until the table has units, and the progress behind it.
  struct HeldRecord {
    InputRecord record;
    ImportProgress progress;
  };

  JobStep advance();
  void prepare();
  /// False when all records were read. Adds the write units used to `units`.
  bool put_chunk(double& units);
  /// Returns the write units used. Throws ThroughputExceeded, and does nothing, if the table has none left.
  double put_record(const TablePtr& table, const InputRecord& record, BulkPutInfo& info, Reports& reports);
  void write_reports(BulkPutInfo& info, const Reports& reports);
  void end(BulkPutStatus status);

  BulkPutInfo info_;
  const Settings settings_;
  std::unique_ptr<RecordSource> source_;
  std::unique_ptr<Bucket> output_;
  std::optional<HeldRecord> held_;
  /// Whether records may be put for the second time: after an interruption, until the next chunk is written.
  bool repeats_;
  JobProgress progress_;
};

}  // namespace stator::engine
