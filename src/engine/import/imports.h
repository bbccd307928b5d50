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

/// The imports of tables: each is a row of the catalog, and while it is under way a job. One that a stop interrupted
/// goes on where it was. Safe to use from several threads.
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
  /// Goes on with what is under way.
  void resume();

  /// Begins an import that makes `table` (without identity); id, table, times and status are filled in, and an `arn`
  /// that ends with "/import/" gets the id. Under a token that was used less than eight hours before, the import of
  /// that time is returned. Throws ResourceInUseException where the table is there and not being imported itself,
  /// ImportConflictException where the token stands for another table, store::StoreError.
  ImportPtr start(ImportInfo request, Table table);
  /// Null where there is none.
  [[nodiscard]] ImportPtr find(std::string_view id) const;
  /// The latest first.
  [[nodiscard]] std::vector<ImportPtr> list() const;

 private:
  void begin(const ImportPtr& info);
  /// Puts a new version of a row in its place, durably.
  void save(const ImportPtr& info);
  void publish(const ImportPtr& info);

  const Environment environment_;
  const std::function<void(JobOptions, std::unique_ptr<Job>)> add_job_;
  /// Held while one begins, so that a token begins one.
  std::mutex starting_;
  mutable std::mutex mutex_;
  std::map<std::string, ImportPtr, std::less<>> imports_;
};

}  // namespace stator::engine
