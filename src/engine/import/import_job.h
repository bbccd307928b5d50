#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/clock.h"
#include "engine/bucket/bucket.h"
#include "engine/catalog.h"
#include "engine/import/import_info.h"
#include "engine/import/record_source.h"
#include "engine/jobs.h"
#include "engine/stripes.h"
#include "store/store.h"

namespace stator::engine {

/// Makes the table of one import and fills it. Lists the bucket, publishes the table as CREATING, then reads, checks
/// and writes the records in chunks. A chunk's items, the counters and the progress are one batch, so that a restarted
/// import continues there and counts no item twice. Then the indexes are built, like any new index. There are no other
/// writes to the table meanwhile.
class ImportJob final : public Job {
 public:
  struct Settings {
    store::Store& store;
    Stripes& stripes;
    Catalog& catalog;
    const core::Clock& clock;
    const Buckets& buckets;
    JobRunner::Log log;
    /// Called with the import's new state after its row was written.
    std::function<void(const ImportInfo&)> moved;
    /// Called with the ended import; must write its row.
    std::function<void(ImportInfo)> ended;
  };
  ImportJob(ImportInfo info, Settings settings);
  ~ImportJob() override;
  JobStep step() override;
  [[nodiscard]] JobProgress progress() const override { return progress_; }

 private:
  enum class Phase : std::uint8_t { kPrepare, kLoad, kFinish, kWait };

  JobStep advance();
  void prepare();
  void load();
  void load_chunk();
  /// The table of this import; null if it does not exist.
  [[nodiscard]] TablePtr find_table() const;
  void commit(const Table& table, const std::map<std::string, std::string>& rows);
  void note_fault(const std::string& why);
  void end();
  void fail(const std::string& code, const std::string& message);

  ImportInfo info_;
  const Settings settings_;
  Phase phase_ = Phase::kPrepare;
  std::unique_ptr<RecordSource> source_;
  TablePtr table_;
  JobProgress progress_;
};

}  // namespace stator::engine
