#include "engine/import/imports.h"

#include <algorithm>

#include "core/api_error.h"
#include "core/random.h"
#include "engine/backup/backups.h"
#include "engine/import/import_job.h"
#include "engine/keys.h"
#include "engine/table_json.h"

namespace stator::engine {
namespace {

/// Source: API reference, ImportTable, ClientToken.
constexpr std::int64_t kTokenKeptMs = std::int64_t{8} * 3600 * 1000;

}  // namespace

Imports::Imports(Environment environment, std::function<void(JobOptions, std::unique_ptr<Job>)> add_job)
    : environment_(std::move(environment)), add_job_(std::move(add_job)) {}

void Imports::load() {
  const std::string lower = import_key({});
  try {
    const auto rows = environment_.store.cursor(lower, store::prefix_end(lower));
    for (rows->seek_to_first(); rows->valid(); rows->next()) {
      auto info = std::make_shared<const ImportInfo>(import_from_json(rows->value()));
      if (rows->key().substr(lower.size()) != info->id) throw std::runtime_error("an id");
      publish(info);
    }
  } catch (const store::StoreError& error) {
    throw store::OpenError(std::string("the list of imports cannot be read: ") + error.what());
  } catch (const std::exception& error) {
    throw store::DamagedError(std::string("the list of imports is damaged: ") + error.what());
  }
}

void Imports::resume() {
  for (const ImportPtr& info : list()) {
    if (info->status == ImportStatus::kInProgress) begin(info);
  }
}

ImportPtr Imports::start(ImportInfo request, Table table) {
  const std::lock_guard<std::mutex> lock(starting_);
  const TablePtr known_table = environment_.catalog.find(table.name);
  if (known_table != nullptr && !(known_table->restore && is_import(*known_table->restore))) {
    throw core::ApiError(core::ErrorCode::kResourceInUse, "Table already exists: " + table.name);
  }
  request.started_ms = environment_.clock.now_ms();
  for (const ImportPtr& known : list()) {
    if (known->client_token != request.client_token) continue;
    if (known->ended_ms != 0 && request.started_ms - known->ended_ms > kTokenKeptMs) continue;
    if (known->table_name == table.name) return known;
    throw core::ApiError("ImportConflictException",
                         "Import conflict: Duplicate request detected with conflicting parameters");
  }
  for (std::uint64_t attempt = 0; request.id.empty() || find(request.id) != nullptr; ++attempt) {
    request.id = id_of_moment(request.started_ms, request.arn, attempt);
  }
  request.arn += request.id;
  table.id = core::random_uuid();
  request.table_name = table.name;
  request.table_id = table.id;
  request.table_row = table_to_json(table);
  auto info = std::make_shared<const ImportInfo>(std::move(request));
  save(info);
  begin(info);
  return info;
}

void Imports::begin(const ImportPtr& info) {
  ImportJob::Settings settings{
      .store = environment_.store,
      .stripes = environment_.stripes,
      .catalog = environment_.catalog,
      .clock = environment_.clock,
      .buckets = environment_.buckets,
      .log = [log = environment_.log](std::string_view line) { core::log(log, core::LogLevel::kWarning, line); },
      .moved = [this](const ImportInfo& moved) { publish(std::make_shared<const ImportInfo>(moved)); },
      .ended =
          [this](ImportInfo ended) {
            if (ended.status == ImportStatus::kFailed) {
              core::log(environment_.log, core::LogLevel::kWarning,
                        "import " + ended.id + " of table " + ended.table_name + " failed: " + ended.failure_message);
            }
            save(std::make_shared<const ImportInfo>(std::move(ended)));
          },
  };
  add_job_({.name = "import", .table = info->table_name, .index = {}, .rest_for_work = 1},
           std::make_unique<ImportJob>(*info, std::move(settings)));
}

void Imports::save(const ImportPtr& info) {
  store::Batch batch;
  batch.put(import_key(info->id), import_to_json(*info));
  environment_.store.write(batch);
  publish(info);
}

void Imports::publish(const ImportPtr& info) {
  const std::lock_guard<std::mutex> lock(mutex_);
  imports_[info->id] = info;
}

ImportPtr Imports::find(std::string_view id) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = imports_.find(id);
  return found == imports_.end() ? nullptr : found->second;
}

std::vector<ImportPtr> Imports::list() const {
  std::vector<ImportPtr> imports;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [id, info] : imports_) imports.push_back(info);
  std::ranges::reverse(imports);
  return imports;
}

}  // namespace stator::engine
