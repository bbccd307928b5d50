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

/// Makes the table of one import and fills it. The bucket is looked at first; then the table is published, CREATING;
/// then records are read, checked and written, some at a time: items, counters and how far it has come are one batch,
/// so that it goes on from there after a restart and no item is counted twice. Indexes are built behind that, as any
/// new index is. Nobody else writes to the table meanwhile.
class ImportJob final : public Job {
 public:
  struct Settings {
    store::Store& store;
    Stripes& stripes;
    Catalog& catalog;
    const core::Clock& clock;
    const Buckets& buckets;
    JobRunner::Log log;
    /// Takes the import as it is now, in memory: its row was written.
    std::function<void(const ImportInfo&)> moved;
    /// Takes the import as it has ended, to be written.
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
  /// The table of this import; null where it is gone.
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
