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
#include "engine/import/bulk_put_info.h"
#include "engine/jobs.h"
#include "engine/writer.h"
#include "store/store.h"

namespace stator::engine {

/// The bulk puts: each is a row of the catalog, and while it runs a job. One that was interrupted by a stop continues
/// from its row. Safe to use from several threads.
class BulkPuts {
 public:
  struct Environment {
    store::Store& store;
    Writer& writer;
    Catalog& catalog;
    const core::Clock& clock;
    const Buckets& buckets;
    core::LogSink log;
  };
  BulkPuts(Environment environment, std::function<void(JobOptions, std::unique_ptr<Job>)> add_job);

  /// Reads the rows. Throws store::OpenError where one is damaged.
  void load();
  /// Continues the operations that have not ended.
  void resume();

  /// Begins one; ids, time and status are filled in, and an `arn` that ends with "/bulk-operation/" gets the id.
  /// `check` may throw to refuse the table; until `is_filling` knows of the operation nothing changes the table. With a
  /// token that was used less than eight hours before, returns the operation that it began. Throws
  /// ResourceNotFoundException, IdempotentParameterMismatchException where the token belongs to another request,
  /// store::StoreError.
  BulkPutPtr start(BulkPutInfo request, const std::function<void(const TablePtr&)>& check);
  /// Begins to cancel the operation, unless it has ended. Null where there is none.
  BulkPutPtr cancel(std::string_view id);
  /// Null where there is none.
  [[nodiscard]] BulkPutPtr find(std::string_view id) const;
  /// The latest first.
  [[nodiscard]] std::vector<BulkPutPtr> list() const;
  /// Whether one into the table of this id has not ended.
  [[nodiscard]] bool is_filling(std::string_view table_id) const;

 private:
  BulkPutPtr start(BulkPutInfo request);
  void begin(const BulkPutPtr& info);
  /// Writes an operation's row, durably.
  void save(const BulkPutPtr& info);
  void publish(const BulkPutPtr& info);
  /// Publishes the job's progress, but keeps a status of CANCELLING.
  void note_progress(const BulkPutInfo& info);

  const Environment environment_;
  const std::function<void(JobOptions, std::unique_ptr<Job>)> add_job_;
  /// Held in `start` (under the catalog's lock), so that two calls with one token begin one operation, and while one
  /// ends or is cancelled.
  std::mutex starting_;
  mutable std::mutex mutex_;
  std::map<std::string, BulkPutPtr, std::less<>> bulk_puts_;
};

}  // namespace stator::engine
