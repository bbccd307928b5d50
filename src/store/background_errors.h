#pragma once

#include <rocksdb/db.h>
#include <rocksdb/listener.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/log_sink.h"

namespace stator::store {

/// After an error in the background (a full disk, no descriptors left) RocksDB refuses writes until somebody resumes
/// it. This does so: tells the error once, and tries again and again, more slowly each time, until it works or the
/// store is closed. Its thread begins with the first error.
class BackgroundErrors {
 public:
  explicit BackgroundErrors(core::LogSink log);
  ~BackgroundErrors();
  BackgroundErrors(const BackgroundErrors&) = delete;
  BackgroundErrors& operator=(const BackgroundErrors&) = delete;

  /// For rocksdb::Options::listeners. May outlive this object.
  [[nodiscard]] std::shared_ptr<rocksdb::EventListener> listener() const;
  /// From now on `database` is resumed.
  void watch(rocksdb::DB& database);
  /// Before the database is closed.
  void stop();
  /// A write failed: RocksDB does not call the listener for each kind of error.
  void on_write_failed(const rocksdb::Status& status);

 private:
  class Listener;
  void on_error(const rocksdb::Status& status);
  void on_recovered();
  void run();
  /// True when writes work again.
  bool resume();

  const core::LogSink log_;
  std::shared_ptr<Listener> listener_;
  std::mutex mutex_;
  std::condition_variable changed_;
  rocksdb::DB* database_ = nullptr;
  bool failing_ = false;
  bool stopping_ = false;
  // The error told last, so that one that comes and goes does not fill the log.
  std::string told_;
  std::chrono::steady_clock::time_point told_at_;
  bool recovery_is_told_ = false;
  std::thread thread_;
};

}  // namespace stator::store
