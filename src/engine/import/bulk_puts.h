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

/// The bulk puts: each is a row of the catalog, and while it is under way a job. One that a stop interrupted goes on
/// where it was. Safe to use from several threads.
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
  /// Goes on with what is under way.
  void resume();

  /// Begins one; id, time and status are filled in, and an `arn` that ends with "/bulk-operation/" gets the id. Under a
  /// token that was used less than eight hours before, that of before is returned. Throws
  /// IdempotentParameterMismatchException where the token stands for another meaning, store::StoreError.
  BulkPutPtr start(BulkPutInfo request);
  /// Begins to cancel it; one that has ended stays as it is. Null where there is none.
  BulkPutPtr cancel(std::string_view id);
  /// Null where there is none.
  [[nodiscard]] BulkPutPtr find(std::string_view id) const;
  /// The latest first.
  [[nodiscard]] std::vector<BulkPutPtr> list() const;

 private:
  void begin(const BulkPutPtr& info);
  /// Puts a new version of a row in its place, durably.
  void save(const BulkPutPtr& info);
  void publish(const BulkPutPtr& info);
  /// The job is further; that it is to be cancelled it need not know yet.
  void note_progress(const BulkPutInfo& info);

  const Environment environment_;
  const std::function<void(JobOptions, std::unique_ptr<Job>)> add_job_;
  /// Held while one begins, so that a token begins one; and while one ends or is cancelled.
  std::mutex starting_;
  mutable std::mutex mutex_;
  std::map<std::string, BulkPutPtr, std::less<>> bulk_puts_;
};

}  // namespace stator::engine
