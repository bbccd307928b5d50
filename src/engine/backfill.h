#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "engine/catalog.h"
#include "engine/stripes.h"
#include "store/store.h"

namespace stator::engine {

/// Fills new indexes from the items that were there before, in one thread that begins with the first job. Writes go on
/// meanwhile and keep the index right for the items they touch; a chunk of items is indexed under their lock stripes,
/// in one batch together with how far it came, so that after a restart the job goes on from there.
class Backfill {
 public:
  /// `finished` is told of each job that came to its end, by the thread.
  Backfill(store::Store& store, Stripes& stripes, std::function<void(const BackfillJob&)> finished);
  /// Stops after the chunk under way.
  ~Backfill();
  Backfill(const Backfill&) = delete;
  Backfill& operator=(const Backfill&) = delete;

  void start(BackfillJob job);

 private:
  enum class Progress { kMore, kFinished, kAbandoned };
  void run();
  Progress next_chunk(const BackfillJob& job);
  bool wait_for_job(BackfillJob& job);
  bool is_stopping();
  void pause_after_failure();

  store::Store& store_;
  Stripes& stripes_;
  const std::function<void(const BackfillJob&)> finished_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<BackfillJob> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace stator::engine
