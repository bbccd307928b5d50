#include "engine/log/change_log.h"

#include <algorithm>
#include <ctime>
#include <tuple>

#include "core/api_error.h"
#include "engine/keys.h"
#include "engine/metering.h"
#include "engine/replicas.h"

namespace stator::engine {
namespace {

/// Records of a stream are kept for this long. Source: Developer Guide, "Change data capture for DynamoDB Streams".
constexpr std::int64_t kLogRetentionMs = std::int64_t{24} * 3600 * 1000;

constexpr std::int64_t kDayMs = std::int64_t{24} * 3600 * 1000;

std::string row_key(store::SpaceId space) { return catalog_key(CatalogRow::kStream, space); }

[[noreturn]] void throw_trimmed() {
  throw core::ApiError(core::ErrorCode::kTrimmedDataAccess, "The data you are trying to access has been trimmed");
}

}  // namespace

std::string stream_label(std::int64_t created_ms) {
  const std::time_t seconds = created_ms / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[40];
  const auto length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  const std::string millis = std::to_string(created_ms % 1000);
  return std::string(text, length) + "." + std::string(3 - millis.size(), '0') + millis;
}

ChangeLog::ChangeLog(store::Store& store, const core::Clock& clock, const Options& options,
                     std::function<void()> on_streams)
    : store_(store), clock_(clock), options_(options), on_streams_(std::move(on_streams)) {}

void ChangeLog::load() {
  const std::string lower = catalog_key(CatalogRow::kStream);
  const auto rows = store_.cursor(lower, store::prefix_end(lower));
  for (rows->seek_to_first(); rows->valid(); rows->next()) {
    store::SpaceId space = 0;
    const std::string_view key = rows->key().substr(lower.size());
    for (const char byte : key) space = space << 8U | static_cast<unsigned char>(byte);
    if (key.size() != sizeof(space)) throw std::runtime_error("the key of a stream");
    const auto stream = std::make_shared<Stream>(store_, stream_from_json(rows->value(), space));
    const std::lock_guard<std::mutex> lock(streams_mutex_);
    streams_.emplace(space, stream);
  }
  if (!empty()) on_streams_();
}

void ChangeLog::close_others(const std::vector<store::SpaceId>& enabled) {
  std::vector<StreamPtr> others;
  {
    const std::lock_guard<std::mutex> lock(streams_mutex_);
    for (const auto& [space, stream] : streams_) {
      if (stream->info().stopped_ms == 0 && std::ranges::find(enabled, space) == enabled.end()) {
        others.push_back(stream);
      }
    }
  }
  for (const StreamPtr& stream : others) stream->is_private() ? drop(stream) : close(stream);
}

StreamPtr ChangeLog::make(Table& table, store::SpaceId space, bool keep_label, store::Batch& batch) const {
  StreamInfo info;
  info.space = space;
  info.table_name = table.name;
  info.table_id = table.id;
  info.view_type = table.stream_view_type;
  info.key_schema = table.key_schema;
  info.created_ms = clock_.now_ms();
  // A table's streams must have different labels.
  for (const StreamInfo& earlier : list(table.name)) {
    info.created_ms = std::max(info.created_ms, earlier.created_ms + 1);
  }
  info.label = keep_label ? table.stream_label : stream_label(info.created_ms);
  begin_shards(table, info);
  batch.put(row_key(space), stream_to_json(info));
  table.stream_label = info.label;
  table.stream_space = space;
  return std::make_shared<Stream>(store_, std::move(info));
}

void ChangeLog::begin_shards(const Table& table, StreamInfo& info) const {
  constexpr std::size_t kMost = 1U << 16U;
  const std::size_t shards = options_.shards != 0 ? options_.shards : first_partitions(table);
  info.slots = static_cast<std::uint32_t>(std::min(shards, kMost));
  for (std::uint32_t slot = 0; slot < info.slots; ++slot) {
    Shard shard;
    shard.id = info.next_shard++;
    shard.slot = slot;
    shard.started_ms = info.created_ms;
    shard.first_number = first_number_at(info.created_ms);
    info.shards.push_back(shard);
  }
}

StreamPtr ChangeLog::make_recovery(Table& table, store::SpaceId space, store::Batch& batch) const {
  StreamInfo info;
  info.space = space;
  info.table_name = table.name;
  info.table_id = table.id;
  info.view_type = "OLD_IMAGE";
  info.recovery_days = recovery_days_of_all(table);
  info.key_schema = table.key_schema;
  info.created_ms = clock_.now_ms();
  begin_shards(table, info);
  batch.put(row_key(space), stream_to_json(info));
  table.recovery_space = space;
  return std::make_shared<Stream>(store_, std::move(info));
}

StreamPtr ChangeLog::make_delivery(const Table& table, store::SpaceId space, store::Batch& batch) const {
  StreamInfo info;
  info.space = space;
  info.table_name = table.name;
  info.table_id = table.id;
  info.view_type = "NEW_AND_OLD_IMAGES";
  info.is_delivery = true;
  info.key_schema = table.key_schema;
  info.created_ms = clock_.now_ms();
  begin_shards(table, info);
  batch.put(row_key(space), stream_to_json(info));
  return std::make_shared<Stream>(store_, std::move(info));
}

void ChangeLog::discard(Stream& stream, std::uint32_t shard, const std::vector<LogNumber>& numbers) {
  if (numbers.empty()) return;
  const std::lock_guard<std::mutex> changing(change_mutex_);
  if (find(stream.space()) == nullptr) return;
  // The mark is written first, as in trim_stream.
  stream.trim({{shard, numbers.back() + 1}}, {}, row_writer());
  store::Batch batch;
  for (const LogNumber number : numbers) batch.remove(log_key(stream.space(), shard, number));
  store_.write_unsynced(batch);
}

void ChangeLog::keep_days(const StreamPtr& recovery, std::int64_t days) {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  recovery->keep_days(days, row_writer());
}

void ChangeLog::add(const StreamPtr& stream) {
  {
    const std::lock_guard<std::mutex> lock(streams_mutex_);
    streams_.emplace(stream->space(), stream);
  }
  on_streams_();
}

Stream::WriteRow ChangeLog::row_writer() const {
  return [this](const StreamInfo& changed) {
    store::Batch batch;
    batch.put(row_key(changed.space), stream_to_json(changed));
    store_.write(batch);
  };
}

void ChangeLog::close(const StreamPtr& stream) {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  stream->close(clock_.now_ms(), row_writer());
}

StreamPtr ChangeLog::find(store::SpaceId space) const {
  const std::lock_guard<std::mutex> lock(streams_mutex_);
  const auto found = streams_.find(space);
  return found == streams_.end() ? nullptr : found->second;
}

StreamPtr ChangeLog::find(std::string_view table_name, std::string_view label) const {
  const std::lock_guard<std::mutex> lock(streams_mutex_);
  for (const auto& [space, stream] : streams_) {
    if (stream->is_private()) continue;
    if (stream->table_name() == table_name && stream->label() == label) return stream;
  }
  return nullptr;
}

std::vector<StreamInfo> ChangeLog::list(std::string_view table_name) const {
  std::vector<StreamInfo> infos;
  {
    const std::lock_guard<std::mutex> lock(streams_mutex_);
    for (const auto& [space, stream] : streams_) {
      if (stream->is_private()) continue;
      if (table_name.empty() || stream->table_name() == table_name) infos.push_back(stream->info());
    }
  }
  std::ranges::sort(infos, [](const StreamInfo& a, const StreamInfo& b) {
    return std::tie(a.table_name, a.label) < std::tie(b.table_name, b.label);
  });
  return infos;
}

bool ChangeLog::empty() const {
  const std::lock_guard<std::mutex> lock(streams_mutex_);
  return streams_.empty();
}

std::optional<LogNumber> ChangeLog::read(const Stream& stream, const LogPosition& position, LogNumber before,
                                         const LogSink& sink) const {
  StreamInfo info = stream.info();
  const Shard* shard = info.shard(position.shard);
  if (shard == nullptr) core::throw_resource_not_found("Requested resource not found: Shard does not exist");
  LogNumber next = std::max(position.number, shard->first_number);
  if (next < shard->trimmed_before) {
    if (!position.from_oldest) throw_trimmed();
    next = shard->trimmed_before;
  }
  const LogNumber begin = next;
  // Read before the cursor is opened, so that the cursor sees every record below `end`.
  LogNumber end = stream.committed_before(shard->slot);
  bool closed = shard->last_number && end > *shard->last_number;
  if (closed) end = *shard->last_number + 1;
  if (end > before) {
    end = before;
    closed = false;
  }
  if (next < end) {
    const auto cursor = store_.cursor(log_key(info.space, shard->id, next), log_key(info.space, shard->id, end));
    bool enough = false;
    for (cursor->seek_to_first(); cursor->valid() && !enough; cursor->next()) {
      const LogNumber number = log_number_of(cursor->key());
      if (sink(number, read_log_record(cursor->value()))) {
        next = number + 1;
      } else {
        next = number;
        enough = true;
      }
    }
    if (!enough) next = end;
    // The records are complete only if none was deleted before the cursor was opened.
    info = stream.info();
    shard = info.shard(position.shard);
    if (shard == nullptr || begin < shard->trimmed_before) throw_trimmed();
  }
  if (closed && next >= end) return std::nullopt;
  return next;
}

bool ChangeLog::trim() {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  StreamPtr stream;
  {
    const std::lock_guard<std::mutex> lock(streams_mutex_);
    const auto next = streams_.upper_bound(trimmed_);
    if (next == streams_.end()) {
      trimmed_ = 0;
      return false;
    }
    stream = next->second;
  }
  const std::int64_t now_ms = clock_.now_ms();
  trim_stream(stream, now_ms);
  roll_shards(*stream, now_ms);
  trimmed_ = stream->space();
  return true;
}

void ChangeLog::trim_stream(const StreamPtr& stream, std::int64_t now_ms) {
  const StreamInfo info = stream->info();
  const std::int64_t kept_ms = info.is_for_recovery() ? info.recovery_days * kDayMs : kLogRetentionMs;
  const std::int64_t oldest_ms = std::max<std::int64_t>(0, now_ms - kept_ms);
  if (info.stopped_ms != 0 && info.stopped_ms <= oldest_ms) {
    remove(stream);
    return;
  }
  std::vector<std::pair<std::uint32_t, LogNumber>> marks;
  std::vector<std::uint32_t> gone;
  for (const Shard& shard : info.shards) {
    if (shard.last_number && shard.closed_ms <= oldest_ms) {
      marks.emplace_back(shard.id, *shard.last_number + 1);
      gone.push_back(shard.id);
      continue;
    }
    const LogNumber bound = std::min(first_number_at(oldest_ms), stream->committed_before(shard.slot));
    if (bound <= std::max(shard.first_number, shard.trimmed_before)) continue;
    const auto cursor =
        store_.cursor(log_key(info.space, shard.id, shard.trimmed_before), log_key(info.space, shard.id, bound));
    cursor->seek_to_last();
    if (cursor->valid()) marks.emplace_back(shard.id, log_number_of(cursor->key()) + 1);
  }
  if (marks.empty()) return;
  // The marks are written first, so that a reader can tell deleted records from numbers that were never used.
  stream->trim(marks, gone, row_writer());
  for (const auto& [shard, before] : marks) {
    store_.delete_range(log_key(info.space, shard, 0), log_key(info.space, shard, before));
  }
}

void ChangeLog::roll_shards(Stream& stream, std::int64_t now_ms) {
  if (options_.shard_lifetime_ms <= 0) return;
  const StreamInfo info = stream.info();
  if (info.stopped_ms != 0 || info.is_delivery) return;
  for (const Shard& shard : info.shards) {
    if (!shard.last_number && shard.started_ms + options_.shard_lifetime_ms <= now_ms) {
      stream.roll(shard.id, now_ms, row_writer());
    }
  }
}

void ChangeLog::drop(const StreamPtr& stream) {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  remove(stream);
}

void ChangeLog::remove(const StreamPtr& stream) {
  const store::SpaceId space = stream->space();
  store::Batch batch;
  batch.remove(row_key(space));
  batch.put(catalog_key(CatalogRow::kDropped, space), {});
  store_.write(batch);
  {
    const std::lock_guard<std::mutex> lock(streams_mutex_);
    streams_.erase(space);
  }
  const KeyBounds rows = space_bounds(space);
  store_.delete_range(rows.lower, rows.upper);
  batch.clear();
  batch.remove(catalog_key(CatalogRow::kDropped, space));
  store_.write(batch);
}

}  // namespace stator::engine
