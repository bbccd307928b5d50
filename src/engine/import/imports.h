#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/log_sink.h"
#include "engine/bucket/bucket.h"
#include "engine/catalog.h"
#include "engine/import/import_info.h"
#include "engine/jobs.h"
#include "engine/stripes.h"
#include "store/store.h"

namespace stator::engine {

/// The imports of tables. Each is a row of the catalog and, while it runs, a job. After a restart it continues from its
/// row. Safe to use from several threads.
class Imports {
 public:
  struct Environment {
    store::Store& store;
    Stripes& stripes;
    Catalog& catalog;
    const core::Clock& clock;
    const Buckets& buckets;
    core::LogSink log;
  };
  Imports(Environment environment, std::function<void(JobOptions, std::unique_ptr<Job>)> add_job);

  /// Reads the rows. Throws store::OpenError if one is damaged.
  void load();
  /// Continues the imports that have not ended.
  void resume();

  /// Begins an import that makes `table`, whose id is assigned here. Fills in id, table and start time, and appends the
  /// id to `arn`, which ends with "/import/". If the token's import is under way, or ended in the last eight hours,
  /// returns that import. Throws ResourceInUseException if the table exists and is not being imported,
  /// ImportConflictException if the token belongs to an import of another table, store::StoreError.
  ImportPtr start(ImportInfo request, Table table);
  /// Null if there is none.
  [[nodiscard]] ImportPtr find(std::string_view id) const;
  /// All imports, latest first.
  [[nodiscard]] std::vector<ImportPtr> list() const;

 private:
  void begin(const ImportPtr& info);
  /// Writes an import's row, durably.
  void save(const ImportPtr& info);
  void publish(const ImportPtr& info);

  const Environment environment_;
  const std::function<void(JobOptions, std::unique_ptr<Job>)> add_job_;
  /// Held in `start`, so that two calls with the same token begin only one import.
  std::mutex starting_;
  mutable std::mutex mutex_;
  std::map<std::string, ImportPtr, std::less<>> imports_;
};

}  // namespace stator::engine
