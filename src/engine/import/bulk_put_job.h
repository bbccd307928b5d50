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

/// Puts the records of a bucket into a table in use: each by a PutItem of its own, with the record's condition. The
/// progress is written after every chunk of records, so that after a restart some records are put again: for those, an
/// item that is already as it should be counts as put, whatever its condition says now. Records that cannot be put are
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
    /// Called with the ended operation, whose row is still to be written.
    std::function<void(BulkPutInfo)> ended;
  };
  BulkPutJob(BulkPutInfo info, Settings settings);
  ~BulkPutJob() override;
  JobStep step() override;
  [[nodiscard]] JobProgress progress() const override { return progress_; }

 private:
  /// The JSON lines of one chunk for the reports.
  struct Reports {
    std::string errors;
    std::string condition_failures;
  };

  JobStep advance();
  void prepare();
  /// False when all records were read. Sets `units` to the write units used.
  bool put_chunk(double& units);
  /// Returns the write units used.
  double put_record(const TablePtr& table, const InputRecord& record, BulkPutInfo& info, Reports& reports);
  void write_reports(BulkPutInfo& info, const Reports& reports);
  void end(BulkPutStatus status);

  BulkPutInfo info_;
  const Settings settings_;
  std::unique_ptr<RecordSource> source_;
  std::unique_ptr<Bucket> output_;
  /// Until the first chunk is written, records may be put for the second time.
  bool repeats_ = true;
  JobProgress progress_;
};

}  // namespace stator::engine
