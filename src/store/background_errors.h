#pragma once

#include <rocksdb/db.h>
#include <rocksdb/listener.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/log_sink.h"

namespace stator::store {

/// After a background error (a full disk, no descriptors left) RocksDB refuses writes until Resume() is called; if only
/// a merge has failed, writes continue. This class logs the error once and calls Resume() with growing pauses until it
/// succeeds or the store is closed. Its thread starts with the first error.
///
/// Nothing can be appended to a log after a write to it failed. Resume() begins another log, but only if there is
/// something in memory to be written to a table. This class makes sure that there is, and until then no write may reach
/// RocksDB (`write_error`).
class BackgroundErrors {
 public:
  explicit BackgroundErrors(core::LogSink log);
  ~BackgroundErrors();
  BackgroundErrors(const BackgroundErrors&) = delete;
  BackgroundErrors& operator=(const BackgroundErrors&) = delete;

  /// For rocksdb::Options::listeners. May outlive this object.
  [[nodiscard]] std::shared_ptr<rocksdb::EventListener> listener() const;
  /// Sets the database to resume; errors that came before are handled too.
  void watch(rocksdb::DB& database);
  /// Must be called before the database is closed.
  void stop();
  /// The number of errors that have ended. Read it before a write, for `on_write_failed`.
  [[nodiscard]] std::uint64_t recoveries() const { return recoveries_.load(std::memory_order_acquire); }
  /// Must be called when a write failed, with the `recoveries` read before it: RocksDB does not call the listener for
  /// every kind of error. An error that has ended since does not count; the next write shows whether it has.
  void on_write_failed(const rocksdb::Status& status, std::uint64_t recoveries);
  /// Not OK while the log cannot take writes, so that none must be tried. To be called before each write with a log.
  [[nodiscard]] rocksdb::Status write_error() const {
    return log_failed_.load(std::memory_order_acquire) ? log_error() : rocksdb::Status::OK();
  }
  /// Whether writes are refused because of an error, and how often that has begun.
  struct Failures {
    bool under_way = false;
    std::uint64_t count = 0;
  };
  [[nodiscard]] Failures failures() const;

 private:
  class Listener;
  /// What currently fails.
  enum class Failing : std::uint8_t { kNothing, kMerges, kWrites };
  void on_error(const rocksdb::Status& status, Failing failing);
  void on_log_failed(const rocksdb::Status& status);
  [[nodiscard]] rocksdb::Status log_error() const;
  void on_recovered();
  void run();
  /// Returns true when writes work again.
  bool resume();
  /// Called after Resume(): replaces the log in which a write failed, if it is still in use.
  bool begin_another_log();
  /// Writes the memtable to a table.
  bool flush();

  const core::LogSink log_;
  std::shared_ptr<Listener> listener_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  rocksdb::DB* database_ = nullptr;
  Failing failing_ = Failing::kNothing;
  std::uint64_t failures_ = 0;  // of writes
  std::atomic<std::uint64_t> recoveries_{0};
  std::atomic<bool> log_failed_{false};
  rocksdb::Status log_error_;
  bool stopping_ = false;
  // The last error logged, so that one that comes and goes does not fill the log.
  std::string logged_;
  std::chrono::steady_clock::time_point logged_at_;
  bool logs_recovery_ = false;
  std::thread thread_;
};

}  // namespace stator::store
