#include "store/background_errors.h"

#include <rocksdb/convenience.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <utility>

#include "store/status_text.h"

namespace stator::store {
namespace {

constexpr std::chrono::milliseconds kFirstPause{50};
constexpr std::chrono::milliseconds kLongestPause{2000};
/// If there is no room for a merge, retrying it soon would only use up the room for writes.
constexpr std::chrono::milliseconds kPauseOfMerges{5000};
/// The same error is logged again after this time.
constexpr std::chrono::seconds kLoggedAgain{60};
/// A scheduled flush begins within this time, unless the flush of another store keeps the thread busy.
constexpr std::chrono::seconds kFlushBegins{5};
constexpr std::chrono::milliseconds kFlushLookedFor{1};

/// Whether a flush may be scheduled that has not begun.
bool has_waiting_flush(rocksdb::DB& database) {
  std::uint64_t pending = 0;
  std::uint64_t running = 0;
  return database.GetIntProperty(rocksdb::DB::Properties::kMemTableFlushPending, &pending) && pending != 0 &&
         database.GetIntProperty(rocksdb::DB::Properties::kNumRunningFlushes, &running) && running == 0;
}

/// Returns when all flushes, merges and writes that began before the call have ended.
void wait_for_work_under_way(rocksdb::DB& database) {
  database.PauseBackgroundWork().PermitUncheckedError();
  database.ContinueBackgroundWork().PermitUncheckedError();
  // Writes are ordered, so all earlier ones are done when this one is. It writes nothing.
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  options.no_slowdown = true;
  rocksdb::WriteBatch nothing;
  database.Write(options, &nothing).PermitUncheckedError();
}

}  // namespace

/// RocksDB keeps the listener longer than the BackgroundErrors, which therefore detaches itself from it.
class BackgroundErrors::Listener final : public rocksdb::EventListener {
 public:
  explicit Listener(BackgroundErrors& errors) : errors_(&errors) {}

  const char* Name() const override { return "stator::store::BackgroundErrors"; }
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override {
    // RocksDB treats most errors of the file system as fatal. They are not: Resume() writes the memtables into new
    // files and starts a new log. Corruption stays fatal.
    if (error->IsIOError() && error->severity() == rocksdb::Status::Severity::kFatalError) {
      *error = rocksdb::Status(*error, rocksdb::Status::Severity::kHardError);
    }
    const Failing failing =
        error->severity() >= rocksdb::Status::Severity::kHardError ? Failing::kWrites : Failing::kMerges;
    if (failing == Failing::kWrites && known_ != Failing::kWrites) let_flush_begin();
    know(failing);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (errors_ == nullptr) return;
    // This is called before the failed write returns.
    if (reason == rocksdb::BackgroundErrorReason::kWriteCallback) errors_->on_log_failed(*error);
    errors_->on_error(*error, failing);
  }
  /// Disables RocksDB's own recovery from a full disk: its thread and ours would give up each other's flushes.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status error,
                            bool* auto_recovery) override {
    error.PermitUncheckedError();
    *auto_recovery = false;
  }
  void OnErrorRecoveryEnd(const rocksdb::BackgroundErrorRecoveryInfo& info) override {
    if (info.new_bg_error.ok()) known_ = Failing::kNothing;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (errors_ != nullptr && info.new_bg_error.ok()) errors_->on_recovered();
    info.old_bg_error.PermitUncheckedError();
    info.new_bg_error.PermitUncheckedError();
  }
  void detach() {
    const std::lock_guard<std::mutex> lock(mutex_);
    errors_ = nullptr;
  }
  void watch(rocksdb::DB& database) { database_ = &database; }
  /// Whether RocksDB has an error to resume from, as far as is known.
  [[nodiscard]] bool has_error() const { return known_ != Failing::kNothing; }
  /// Records that RocksDB has an error of at least this severity.
  void know(Failing failing) {
    Failing known = known_;
    while (known < failing && !known_.compare_exchange_weak(known, failing)) {
    }
  }

 private:
  /// Called by RocksDB before it stops. A flush that begins after that is given up and never scheduled again, and
  /// Resume() would wait for it forever.
  void let_flush_begin() const {
    rocksdb::DB* const database = database_;
    if (database == nullptr) return;
    const auto end = std::chrono::steady_clock::now() + kFlushBegins;
    while (has_waiting_flush(*database) && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(kFlushLookedFor);
    }
  }

  std::mutex mutex_;
  BackgroundErrors* errors_;
  std::atomic<rocksdb::DB*> database_{nullptr};
  std::atomic<Failing> known_{Failing::kNothing};
};

BackgroundErrors::BackgroundErrors(core::LogSink log)
    : log_(std::move(log)), listener_(std::make_shared<Listener>(*this)) {}

BackgroundErrors::~BackgroundErrors() { stop(); }

std::shared_ptr<rocksdb::EventListener> BackgroundErrors::listener() const { return listener_; }

void BackgroundErrors::watch(rocksdb::DB& database) {
  const std::lock_guard<std::mutex> lock(mutex_);
  database_ = &database;
  listener_->watch(database);
  if (failing_ != Failing::kNothing) changed_.notify_all();
}

void BackgroundErrors::stop() {
  listener_->detach();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (!thread_.joinable()) return;
  // Ends a Resume() that waits for a flush that is not scheduled again.
  if (database_ != nullptr) rocksdb::CancelAllBackgroundWork(database_, false);
  thread_.join();
}

void BackgroundErrors::on_write_failed(const rocksdb::Status& status, std::uint64_t recoveries) {
  if (recoveries != this->recoveries()) return;
  // Invalid arguments and lack of memory need no Resume().
  if (status.IsIOError() || status.IsNoSpace() || status.IsShutdownInProgress()) on_error(status, Failing::kWrites);
}

void BackgroundErrors::on_log_failed(const rocksdb::Status& status) {
  const std::lock_guard<std::mutex> lock(mutex_);
  log_error_ = status;
  log_failed_.store(true, std::memory_order_release);
}

rocksdb::Status BackgroundErrors::log_error() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return log_error_;
}

BackgroundErrors::Failures BackgroundErrors::failures() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return {.under_way = failing_ == Failing::kWrites, .count = failures_};
}

void BackgroundErrors::on_error(const rocksdb::Status& status, Failing failing) {
  const std::string text = one_line(status);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (failing_ >= failing || stopping_) return;
    failing_ = failing;
    if (failing == Failing::kWrites) ++failures_;
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    changed_.notify_all();
    const auto now = std::chrono::steady_clock::now();
    logs_recovery_ = text != logged_ || now - logged_at_ > kLoggedAgain;
    if (!logs_recovery_) return;
    logged_ = text;
    logged_at_ = now;
  }
  core::log(log_, core::LogLevel::kError,
            failing == Failing::kWrites ? "the store takes no writes until this is over: " + text + "; reads go on"
                                        : "the store merges no tables until this is over: " + text +
                                              "; reads go on, and writes as long as there is room for them");
}

void BackgroundErrors::on_recovered() {
  Failing before = Failing::kNothing;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (log_failed_) return;
    before = std::exchange(failing_, Failing::kNothing);
    recoveries_.fetch_add(1, std::memory_order_release);
    if (before == Failing::kNothing || !logs_recovery_) return;
  }
  core::log(log_, core::LogLevel::kInfo,
            before == Failing::kWrites ? "the store takes writes again" : "the store merges tables again");
}

bool BackgroundErrors::resume() {
  if (listener_->has_error()) {
    // An error of running background work ends Resume() early, and would abandon the flush that Resume() has scheduled.
    wait_for_work_under_way(*database_);
    // Resume() fails after corruption, as it must.
    if (!database_->Resume().ok()) return false;
  } else if (!flush()) {
    listener_->know(Failing::kWrites);
    return false;
  }
  if (!log_failed_) return true;
  if (!begin_another_log()) return false;
  log_failed_.store(false, std::memory_order_release);
  return true;
}

bool BackgroundErrors::begin_another_log() {
  // Written without the log; no row has this key.
  rocksdb::WriteOptions in_memory;
  in_memory.disableWAL = true;
  rocksdb::WriteBatch something;
  something.Delete(rocksdb::Slice()).PermitUncheckedError();
  if (!database_->Write(in_memory, &something).ok()) return false;
  // If the log was not replaced, this flush fails because of it, and the next Resume() replaces the log, since memory
  // is not empty then.
  return flush();
}

bool BackgroundErrors::flush() {
  rocksdb::FlushOptions options;
  options.allow_write_stall = true;
  return database_->Flush(options).ok();
}

void BackgroundErrors::run() {
  std::chrono::milliseconds pause = kFirstPause;
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    if (failing_ == Failing::kNothing) pause = kFirstPause;
    changed_.wait(lock, [this] { return stopping_ || (failing_ != Failing::kNothing && database_ != nullptr); });
    if (stopping_) return;
    const Failing failing = failing_;
    const auto changed = [&] { return stopping_ || failing_ != failing; };
    if (changed_.wait_for(lock, failing == Failing::kMerges ? kPauseOfMerges : pause, changed)) continue;
    lock.unlock();
    const bool works = resume();
    if (works) on_recovered();
    lock.lock();
    pause = std::min(pause * 2, kLongestPause);
  }
}

}  // namespace stator::store
