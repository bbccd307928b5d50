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

/// The imports of tables: each is a row of the catalog, and while it runs a job. One that was interrupted by a stop
/// continues from its row. Safe to use from several threads.
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

  /// Reads the rows. Throws store::OpenError where one is damaged.
  void load();
  /// Continues the imports that have not ended.
  void resume();

  /// Begins an import that makes `table` (without identity); id, table, times and status are filled in, and an `arn`
  /// that ends with "/import/" gets the id. With a token that was used less than eight hours before, returns the
  /// import that it began. Throws ResourceInUseException where the table exists and is not being imported itself,
  /// ImportConflictException where the token belongs to another request, store::StoreError.
  ImportPtr start(ImportInfo request, Table table);
  /// Null where there is none.
  [[nodiscard]] ImportPtr find(std::string_view id) const;
  /// The latest first.
  [[nodiscard]] std::vector<ImportPtr> list() const;

 private:
  void begin(const ImportPtr& info);
  /// Writes an import's row, durably.
  void save(const ImportPtr& info);
  void publish(const ImportPtr& info);

  const Environment environment_;
  const std::function<void(JobOptions, std::unique_ptr<Job>)> add_job_;
  /// Held in `start`, so that two calls with one token begin one import.
  std::mutex starting_;
  mutable std::mutex mutex_;
  std::map<std::string, ImportPtr, std::less<>> imports_;
};

}  // namespace stator::engine
