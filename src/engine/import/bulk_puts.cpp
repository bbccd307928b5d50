#include "engine/import/bulk_puts.h"

#include <algorithm>

#include "core/api_error.h"
#include "engine/backup/backups.h"
#include "engine/import/bulk_put_job.h"

namespace stator::engine {
namespace {

/// Source: API reference, StartBulkPutItems, ClientToken.
constexpr std::int64_t kTokenKeptMs = std::int64_t{8} * 3600 * 1000;

}  // namespace

BulkPuts::BulkPuts(Environment environment, std::function<void(JobOptions, std::unique_ptr<Job>)> add_job)
    : environment_(std::move(environment)), add_job_(std::move(add_job)) {}

void BulkPuts::load() {
  const std::string lower = bulk_put_key({});
  try {
    const auto rows = environment_.store.cursor(lower, store::prefix_end(lower));
    for (rows->seek_to_first(); rows->valid(); rows->next()) {
      auto info = std::make_shared<const BulkPutInfo>(bulk_put_from_json(rows->value()));
      if (rows->key().substr(lower.size()) != info->id) throw std::runtime_error("an id");
      publish(info);
    }
  } catch (const store::StoreError& error) {
    throw store::OpenError(std::string("the list of bulk puts cannot be read: ") + error.what());
  } catch (const std::exception& error) {
    throw store::DamagedError(std::string("the list of bulk puts is damaged: ") + error.what());
  }
}

void BulkPuts::resume() {
  for (const BulkPutPtr& info : list()) {
    if (info->is_under_way()) begin(info, true);
  }
}

BulkPutPtr BulkPuts::start(BulkPutInfo request, const std::function<void(const TablePtr&)>& check) {
  BulkPutPtr started;
  environment_.catalog.hold(request.table_name, [&](const TablePtr& table) {
    check(table);
    request.table_id = table->id;
    started = start(std::move(request));
  });
  return started;
}

BulkPutPtr BulkPuts::start(BulkPutInfo request) {
  const std::lock_guard<std::mutex> lock(starting_);
  request.started_ms = environment_.clock.now_ms();
  for (const BulkPutPtr& known : list()) {
    if (known->client_token != request.client_token) continue;
    if (request.started_ms - known->started_ms > kTokenKeptMs) continue;
    if (known->canonical_text == request.canonical_text) return known;
    throw core::ApiError(
        core::ErrorCode::kIdempotentParameterMismatch,
        "Specified idempotent token was used with different request parameters within the idempotency window");
  }
  for (std::uint64_t attempt = 0; request.id.empty() || find(request.id) != nullptr; ++attempt) {
    request.id = id_of_moment(request.started_ms, request.arn, attempt);
  }
  request.arn += request.id;
  auto info = std::make_shared<const BulkPutInfo>(std::move(request));
  save(info);
  begin(info, false);
  return info;
}

BulkPutPtr BulkPuts::cancel(std::string_view id) {
  const std::lock_guard<std::mutex> lock(starting_);
  BulkPutPtr known = find(id);
  if (known == nullptr || known->status != BulkPutStatus::kInProgress) return known;
  BulkPutInfo info = *known;
  info.status = BulkPutStatus::kCancelling;
  auto cancelling = std::make_shared<const BulkPutInfo>(std::move(info));
  save(cancelling);
  return cancelling;
}

void BulkPuts::begin(const BulkPutPtr& info, bool resumed) {
  BulkPutJob::Settings settings{
      .store = environment_.store,
      .writer = environment_.writer,
      .catalog = environment_.catalog,
      .clock = environment_.clock,
      .buckets = environment_.buckets,
      .is_cancelled = [this, id = info->id] { return find(id)->status == BulkPutStatus::kCancelling; },
      .moved = [this](const BulkPutInfo& moved) { note_progress(moved); },
      .ended =
          [this](BulkPutInfo ended) {
            if (ended.status == BulkPutStatus::kFailed) {
              core::log(environment_.log, core::LogLevel::kWarning,
                        "bulk put " + ended.id + " to table " + ended.table_name + " failed: " + ended.failure_message);
            }
            // Excludes `cancel`, which would otherwise overwrite the final status with CANCELLING.
            const std::lock_guard<std::mutex> lock(starting_);
            save(std::make_shared<const BulkPutInfo>(std::move(ended)));
          },
  };
  add_job_({.name = "bulk-put", .table = info->table_name, .index = {}, .rest_for_work = 1},
           std::make_unique<BulkPutJob>(*info, std::move(settings), resumed));
}

void BulkPuts::save(const BulkPutPtr& info) {
  store::Batch batch;
  batch.put(bulk_put_key(info->id), bulk_put_to_json(*info));
  environment_.store.write(batch);
  publish(info);
}

void BulkPuts::publish(const BulkPutPtr& info) {
  const std::lock_guard<std::mutex> lock(mutex_);
  bulk_puts_[info->id] = info;
}

void BulkPuts::note_progress(const BulkPutInfo& info) {
  auto moved = std::make_shared<BulkPutInfo>(info);
  const std::lock_guard<std::mutex> lock(mutex_);
  BulkPutPtr& known = bulk_puts_[info.id];
  moved->status = known->status;
  known = std::move(moved);
}

BulkPutPtr BulkPuts::find(std::string_view id) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = bulk_puts_.find(id);
  return found == bulk_puts_.end() ? nullptr : found->second;
}

bool BulkPuts::is_filling(std::string_view table_id) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::ranges::any_of(bulk_puts_, [table_id](const auto& entry) {
    return entry.second->table_id == table_id && entry.second->is_under_way();
  });
}

std::vector<BulkPutPtr> BulkPuts::list() const {
  std::vector<BulkPutPtr> bulk_puts;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [id, info] : bulk_puts_) bulk_puts.push_back(info);
  std::ranges::reverse(bulk_puts);
  return bulk_puts;
}

}  // namespace stator::engine
