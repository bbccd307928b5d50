#include "engine/backfill.h"

#include <spdlog/spdlog.h>

#include <chrono>

#include "engine/index_entry.h"
#include "engine/keys.h"
#include "engine/stored_value.h"

namespace stator::engine {
namespace {

constexpr std::size_t kChunkItems = 128;
constexpr std::size_t kChunkBytes = 1 << 20;
constexpr std::chrono::seconds kPauseAfterFailure{1};

/// Table keys behind `after`, as many as make a chunk.
std::vector<std::string> chunk_keys(const store::Store& store, const Table& table, const std::string& after) {
  KeyBounds bounds = space_bounds(table.space);
  if (!after.empty()) bounds.lower = after + '\0';
  std::vector<std::string> keys;
  std::size_t bytes = 0;
  const auto cursor = store.cursor(bounds.lower, bounds.upper);
  for (cursor->seek_to_first(); cursor->valid() && keys.size() < kChunkItems && bytes < kChunkBytes; cursor->next()) {
    keys.emplace_back(cursor->key());
    bytes += cursor->value().size();
  }
  return keys;
}

const Index* index_in_space(const Table& table, store::SpaceId space) {
  for (const Index& index : table.indexes) {
    if (index.space == space) return &index;
  }
  return nullptr;
}

}  // namespace

Backfill::Backfill(store::Store& store, Stripes& stripes, std::function<void(const BackfillJob&)> finished)
    : store_(store), stripes_(stripes), finished_(std::move(finished)) {}

Backfill::~Backfill() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Backfill::start(BackfillJob job) {
  const std::lock_guard<std::mutex> lock(mutex_);
  jobs_.push_back(std::move(job));
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.notify_all();
}

bool Backfill::wait_for_job(BackfillJob& job) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
  if (stopping_) return false;
  job = std::move(jobs_.front());
  jobs_.pop_front();
  return true;
}

bool Backfill::is_stopping() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return stopping_;
}

void Backfill::pause_after_failure() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait_for(lock, kPauseAfterFailure, [this] { return stopping_; });
}

void Backfill::run() {
  BackfillJob job;
  while (wait_for_job(job)) {
    bool working = true;
    while (working && !is_stopping()) {
      try {
        const Progress progress = next_chunk(job);
        if (progress == Progress::kFinished) finished_(job);
        working = progress == Progress::kMore;
      } catch (const std::exception& error) {
        spdlog::error("filling an index failed, trying again: {}", error.what());
        pause_after_failure();
      }
    }
  }
}

Backfill::Progress Backfill::next_chunk(const BackfillJob& job) {
  TablePtr table = job.state->newest(nullptr);
  if (table == nullptr) return Progress::kAbandoned;
  const std::string progress_key = catalog_key(CatalogRow::kBackfill, job.index_space);
  std::string after;
  if (!store_.get(progress_key, after)) after.clear();  // nothing is indexed yet
  const std::vector<std::string> keys = chunk_keys(store_, *table, after);
  if (keys.empty()) return Progress::kFinished;

  std::vector<std::size_t> stripes;
  for (const std::string& key : keys) stripes.push_back(Stripes::of(key));
  const StripesLock lock(stripes_, stripes);

  // Only now is it certain which version of the table holds.
  table = job.state->newest(nullptr);
  if (table == nullptr) return Progress::kAbandoned;
  const Index* index = index_in_space(*table, job.index_space);
  if (index == nullptr || !index->backfilling) return Progress::kAbandoned;
  Counters& counters = job.state->counters;
  counters.load_once(store_, *table);

  store::Batch batch;
  std::vector<std::vector<CounterDelta>> deltas(kStripeCount);
  std::string stored;
  std::string header;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!store_.get(keys[i], stored)) continue;  // deleted since
    const StoredValue value = read_value(stored);
    const auto entry =
        make_index_entry(*table, *index, json::Item(value.json), value.json, value.size_bytes, key_parts(keys[i]));
    if (!entry) continue;
    if (store_.visit(entry->key, [](std::string_view) {})) continue;  // a write was here first
    header.clear();
    append_value_header(entry->size_bytes, header);
    batch.put(entry->key, header, entry->json());
    deltas[stripes[i]].push_back({job.index_space, 1, static_cast<std::int64_t>(entry->size_bytes)});
  }
  std::vector<Counters::PendingRow> rows;
  for (std::size_t stripe = 0; stripe < kStripeCount; ++stripe) {
    if (!deltas[stripe].empty()) rows.push_back(counters.put_row(*table, stripe, deltas[stripe], batch));
  }
  batch.put(progress_key, keys.back());
  store_.write(batch);
  for (Counters::PendingRow& row : rows) counters.apply(std::move(row));
  return Progress::kMore;
}

}  // namespace stator::engine
