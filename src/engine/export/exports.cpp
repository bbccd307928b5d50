#include "engine/export/exports.h"

#include <xxhash.h>

#include <algorithm>

#include "core/api_error.h"
#include "engine/export/export_job.h"
#include "engine/keys.h"

namespace stator::engine {
namespace {

std::string row_key(std::string_view id) { return catalog_key(CatalogRow::kExport, id); }

}  // namespace

Exports::Exports(Environment environment, std::function<void(JobOptions, std::unique_ptr<Job>)> add_job)
    : environment_(std::move(environment)), add_job_(std::move(add_job)) {}

void Exports::load() {
  const std::string lower = catalog_key(CatalogRow::kExport);
  try {
    const auto rows = environment_.store.cursor(lower, store::prefix_end(lower));
    for (rows->seek_to_first(); rows->valid(); rows->next()) {
      auto info = std::make_shared<const ExportInfo>(export_from_json(rows->value()));
      if (rows->key().substr(lower.size()) != info->id) throw std::runtime_error("an id");
      const std::lock_guard<std::mutex> lock(mutex_);
      exports_.emplace(info->id, std::move(info));
    }
  } catch (const store::StoreError& error) {
    throw store::OpenError(std::string("the list of exports cannot be read: ") + error.what());
  } catch (const std::exception& error) {
    throw store::DamagedError(std::string("the list of exports is damaged: ") + error.what());
  }
}

void Exports::resume() {
  for (const ExportPtr& info : list()) {
    if (info->status == ExportStatus::kInProgress) begin(info);
  }
}

std::vector<std::string> Exports::cuts_in_use() const {
  std::vector<std::string> cuts;
  for (const ExportPtr& info : list()) {
    if (info->status == ExportStatus::kInProgress) cuts.push_back(info->cut());
  }
  return cuts;
}

ExportPtr Exports::start(ExportInfo request) {
  const std::lock_guard<std::mutex> lock(starting_);
  for (const ExportPtr& known : list()) {
    if (known->client_token != request.client_token) continue;
    if (known->canonical_text == request.canonical_text) return known;
    throw core::ApiError("ExportConflictException",
                         "Export conflict: Duplicate request detected with conflicting parameters");
  }
  request.started_ms = environment_.clock.now_ms();
  for (std::uint64_t attempt = 0; request.id.empty() || find(request.id) != nullptr; ++attempt) {
    request.id = id_of_moment(request.started_ms, request.arn, attempt);
  }
  request.arn += request.id;
  const std::string cut = request.cut();
  environment_.backups.make_cut(
      cut, {.table_name = request.table_name, .space = request.space, .log_space = request.log_space});
  try {
    auto info = std::make_shared<const ExportInfo>(std::move(request));
    save(info);
    begin(info);
    return info;
  } catch (...) {
    environment_.backups.remove_cut(cut);
    throw;
  }
}

void Exports::begin(const ExportPtr& info) {
  ExportWriter::Settings settings{
      .backups = environment_.backups,
      .clock = environment_.clock,
      .buckets = environment_.buckets,
      .scratch = environment_.backups.place_beside(info->cut()),
      .ended = [this](ExportInfo ended) { end(std::move(ended)); },
  };
  add_job_({.name = "export", .table = info->table_name, .index = {}, .rest_for_work = 1},
           std::make_unique<ExportWriter>(*info, std::move(settings)));
}

void Exports::save(const ExportPtr& info) {
  store::Batch batch;
  batch.put(row_key(info->id), export_to_json(*info));
  environment_.store.write(batch);
  const std::lock_guard<std::mutex> lock(mutex_);
  exports_[info->id] = info;
}

void Exports::end(ExportInfo info) {
  if (info.status == ExportStatus::kFailed) {
    core::log(environment_.log, core::LogLevel::kWarning,
              "export " + info.id + " of table " + info.table_name + " failed: " + info.failure_message);
  }
  const std::string cut = info.cut();
  save(std::make_shared<const ExportInfo>(std::move(info)));
  environment_.backups.remove_cut(cut);
}

ExportPtr Exports::find(std::string_view id) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = exports_.find(id);
  return found == exports_.end() ? nullptr : found->second;
}

std::vector<ExportPtr> Exports::list() const {
  std::vector<ExportPtr> exports;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [id, info] : exports_) exports.push_back(info);
  std::ranges::reverse(exports);
  return exports;
}

}  // namespace stator::engine
