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

/// The bulk puts. Each is a row of the catalog and, while it runs, a job. After a restart it continues from its row.
/// Safe to use from several threads.
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

  /// Reads the rows. Throws store::OpenError if one is damaged.
  void load();
  /// Continues the operations that have not ended.
  void resume();

  /// Begins a bulk put. Fills in the ids and the start time, and appends the id to `arn`, which ends with
  /// "/bulk-operation/". `check` may throw to refuse the table; nothing changes the table's metadata before
  /// `is_filling` includes the operation. If the token was used in the last eight hours, returns the operation it
  /// began. Throws ResourceNotFoundException, IdempotentParameterMismatchException if the token belongs to another
  /// request, store::StoreError.
  BulkPutPtr start(BulkPutInfo request, const std::function<void(const TablePtr&)>& check);
  /// Begins to cancel the operation, unless it has ended. Null if there is no such operation.
  BulkPutPtr cancel(std::string_view id);
  /// Null if there is none.
  [[nodiscard]] BulkPutPtr find(std::string_view id) const;
  /// All bulk puts, latest first.
  [[nodiscard]] std::vector<BulkPutPtr> list() const;
  /// Whether a bulk put into the table with this id has not ended.
  [[nodiscard]] bool is_filling(std::string_view table_id) const;

 private:
  BulkPutPtr start(BulkPutInfo request);
  void begin(const BulkPutPtr& info, bool resumed);
  /// Writes an operation's row, durably.
  void save(const BulkPutPtr& info);
  void publish(const BulkPutPtr& info);
  /// Publishes the job's progress, but keeps a status of CANCELLING.
  void note_progress(const BulkPutInfo& info);

  const Environment environment_;
  const std::function<void(JobOptions, std::unique_ptr<Job>)> add_job_;
  /// Held in `start` (under the catalog's lock), so that two calls with the same token begin only one operation, and
  /// while an operation ends or is cancelled.
  std::mutex starting_;
  mutable std::mutex mutex_;
  std::map<std::string, BulkPutPtr, std::less<>> bulk_puts_;
};

}  // namespace stator::engine
