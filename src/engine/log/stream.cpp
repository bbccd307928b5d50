#include "engine/log/stream.h"

#include <algorithm>

#include "core/api_error.h"
#include "core/damage_error.h"
#include "engine/json_row.h"
#include "engine/keys.h"

namespace stator::engine {
namespace {

std::uint64_t read_big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

void put_shard(ObjectOut& parent, const Shard& shard) {
  ObjectOut out = parent.element("shards", std::to_string(shard.id));
  const auto put = [&out](std::string_view name, std::uint64_t value) {
    out.put(name, static_cast<std::int64_t>(value));
  };
  put("id", shard.id);
  if (shard.parent) put("parent", *shard.parent);
  put("slot", shard.slot);
  out.put("started_ms", shard.started_ms);
  put("first_number", shard.first_number);
  if (shard.last_number) put("last_number", *shard.last_number);
  out.put("closed_ms", shard.closed_ms);
  put("trimmed_before", shard.trimmed_before);
  out.end();
}

Shard get_shard(const json::Value& value, UnknownMembers& unknown) {
  ObjectIn in(value);
  Shard shard;
  const auto get = [&in](std::string_view name) {
    std::optional<std::int64_t> number;
    in.get(name, number);
    return number;
  };
  in.get("id", shard.id);
  if (const auto parent = get("parent")) shard.parent = static_cast<std::uint32_t>(*parent);
  in.get("slot", shard.slot);
  in.get("started_ms", shard.started_ms);
  shard.first_number = static_cast<LogNumber>(get("first_number").value_or(0));
  if (const auto last = get("last_number")) shard.last_number = static_cast<LogNumber>(*last);
  in.get("closed_ms", shard.closed_ms);
  shard.trimmed_before = static_cast<LogNumber>(get("trimmed_before").value_or(0));
  in.keep_unknown(place_of("", "shards", std::to_string(shard.id)), unknown);
  return shard;
}

/// The next number of an open shard: after its last record, and after the trimmed records.
LogNumber next_number_of(const store::Store& store, store::SpaceId space, const Shard& shard) {
  LogNumber next = std::max(shard.first_number, shard.trimmed_before);
  const std::string lower = log_key(space, shard.id, 0);
  const auto cursor = store.cursor(lower, store::prefix_end(lower.substr(0, kShardPrefixBytes)));
  cursor->seek_to_last();
  if (cursor->valid()) next = std::max(next, log_number_of(cursor->key()) + 1);
  return next;
}

}  // namespace

const Shard* StreamInfo::shard(std::uint32_t id) const {
  const auto found = std::ranges::find(shards, id, &Shard::id);
  return found == shards.end() ? nullptr : &*found;
}

std::string stream_to_json(const StreamInfo& info) {
  std::string text;
  json::StringSink sink(text);
  json::Writer writer(sink);
  ObjectOut out(writer, info.unknown_members, "");
  out.put("table_name", info.table_name);
  out.put("table_id", info.table_id);
  out.put("label", info.label);
  out.put("view_type", info.view_type);
  put_schema(out, info.key_schema);
  if (info.is_for_recovery()) out.put("recovery_days", info.recovery_days);
  if (info.is_delivery) out.put("delivery", true);
  out.put("created_ms", info.created_ms);
  out.put("stopped_ms", info.stopped_ms);
  out.put("slots", static_cast<std::int64_t>(info.slots));
  out.put("next_shard", static_cast<std::int64_t>(info.next_shard));
  out.key("shards").StartArray();
  for (const Shard& shard : info.shards) put_shard(out, shard);
  writer.EndArray();
  out.end();
  return text;
}

StreamInfo stream_from_json(std::string_view text, store::SpaceId space) {
  json::Parser parser;
  ObjectIn in(parser.parse(text));
  StreamInfo info;
  info.space = space;
  in.get("table_name", info.table_name);
  in.get("table_id", info.table_id);
  in.get("label", info.label);
  in.get("view_type", info.view_type);
  get_schema(in, info.key_schema, "", info.unknown_members);
  in.get("recovery_days", info.recovery_days);
  in.get("delivery", info.is_delivery);
  in.get("created_ms", info.created_ms);
  in.get("stopped_ms", info.stopped_ms);
  in.get("slots", info.slots);
  in.get("next_shard", info.next_shard);
  in.for_each("shards",
              [&](const json::Value& value) { info.shards.push_back(get_shard(value, info.unknown_members)); });
  in.keep_unknown("", info.unknown_members);
  constexpr std::uint32_t kMostSlots = 1U << 16U;
  if (info.slots == 0 || info.slots > kMostSlots) throw std::runtime_error("a stream's hash ranges");
  for (const Shard& shard : info.shards) {
    if (shard.slot >= info.slots) throw std::runtime_error("a shard's hash range");
  }
  return info;
}

std::string log_key(store::SpaceId space, std::uint32_t shard, LogNumber number) {
  std::string key;
  store::append_space(space, key);
  store::append_space(shard, key);  // four bytes, big endian
  store::append_hash(number, key);  // eight bytes, big endian
  return key;
}

LogNumber log_number_of(std::string_view key) {
  if (key.size() != kShardPrefixBytes + sizeof(LogNumber)) {
    throw core::DamageError("a key of the change log has another length");
  }
  return read_big_endian(key.substr(kShardPrefixBytes));
}

PendingLogNumber::~PendingLogNumber() {
  if (stream_ != nullptr) stream_->release_number(slot_, number_);
}

Stream::Stream(const store::Store& store, StreamInfo info)
    : space_(info.space),
      table_name_(info.table_name),
      label_(info.label),
      images_(images_of_view(info.view_type)),
      is_private_(info.is_private()),
      slot_count_(info.slots),
      slots_(std::make_unique<Slot[]>(info.slots)),
      info_(std::move(info)) {
  for (const Shard& shard : info_.shards) {
    Slot& slot = slots_[shard.slot];
    const LogNumber next = shard.last_number ? *shard.last_number + 1 : next_number_of(store, space_, shard);
    slot.next = std::max(slot.next, next);
    if (!shard.last_number) slot.shard = shard.id;
  }
}

StreamInfo Stream::info() const {
  const std::lock_guard<std::mutex> lock(info_mutex_);
  return info_;
}

void Stream::set_info(StreamInfo info) {
  const std::lock_guard<std::mutex> lock(info_mutex_);
  info_ = std::move(info);
}

PendingLogNumber Stream::assign_number(std::string_view encoded_item_key, std::int64_t now_ms) {
  const std::uint64_t hash = read_big_endian(encoded_item_key.substr(sizeof(store::SpaceId), sizeof(std::uint64_t)));
  __extension__ using Wide = unsigned __int128;
  const auto at = static_cast<std::uint32_t>((static_cast<Wide>(hash) * slot_count_) >> 64U);
  Slot& slot = slots_[at];
  const std::lock_guard<std::mutex> lock(slot.mutex);
  const LogNumber number = std::max(slot.next, first_number_at(now_ms));
  slot.pending.push_back({number, false});
  slot.next = number + 1;
  return {*this, at, slot.shard, number};
}

void Stream::release_number(std::uint32_t at, LogNumber number) {
  Slot& slot = slots_[at];
  const std::lock_guard<std::mutex> lock(slot.mutex);
  const auto released = std::ranges::lower_bound(slot.pending, number, {}, &Slot::Pending::number);
  if (released != slot.pending.end()) released->done = true;
  while (!slot.pending.empty() && slot.pending.front().done) slot.pending.pop_front();
}

LogNumber Stream::committed_before(std::uint32_t at) const {
  const Slot& slot = slots_[at];
  const std::lock_guard<std::mutex> lock(slot.mutex);
  return slot.pending.empty() ? slot.next : slot.pending.front().number;
}

LogNumber Stream::end_of_shard(std::uint32_t id) const {
  const StreamInfo before = info();
  const Shard* shard = before.shard(id);
  if (shard == nullptr) core::throw_resource_not_found("Requested resource not found: Shard does not exist");
  return shard->last_number ? *shard->last_number + 1 : next_number(shard->slot);
}

LogNumber Stream::next_number(std::uint32_t at) const {
  const Slot& slot = slots_[at];
  const std::lock_guard<std::mutex> lock(slot.mutex);
  return slot.next;
}

void Stream::close(std::int64_t now_ms, const WriteRow& write_row) {
  StreamInfo changed = info();
  changed.stopped_ms = now_ms;
  for (Shard& shard : changed.shards) {
    if (shard.last_number) continue;
    shard.last_number = std::max(shard.first_number, next_number(shard.slot) - 1);
    shard.closed_ms = now_ms;
  }
  write_row(changed);
  for (const Shard& shard : changed.shards) {
    // Also if the shard has no record, so that readers reach its end.
    Slot& slot = slots_[shard.slot];
    const std::lock_guard<std::mutex> lock(slot.mutex);
    slot.next = std::max(slot.next, *shard.last_number + 1);
  }
  set_info(std::move(changed));
}

void Stream::keep_days(std::int64_t days, const WriteRow& write_row) {
  StreamInfo changed = info();
  changed.recovery_days = days;
  write_row(changed);
  set_info(std::move(changed));
}

void Stream::roll(std::uint32_t id, std::int64_t now_ms, const WriteRow& write_row) {
  StreamInfo changed = info();
  const auto parent = std::ranges::find(changed.shards, id, &Shard::id);
  if (parent == changed.shards.end() || parent->last_number) return;
  Slot& slot = slots_[parent->slot];
  // Held during the write: a number assigned meanwhile would belong to neither shard.
  const std::lock_guard<std::mutex> lock(slot.mutex);
  parent->last_number = std::max(parent->first_number, slot.next - 1);
  parent->closed_ms = now_ms;
  Shard child;
  child.id = changed.next_shard++;
  child.parent = id;
  child.slot = parent->slot;
  child.started_ms = now_ms;
  child.first_number = std::max(*parent->last_number + 1, first_number_at(now_ms));
  changed.shards.push_back(child);
  write_row(changed);
  slot.shard = child.id;
  slot.next = child.first_number;
  set_info(std::move(changed));
}

void Stream::trim(const std::vector<std::pair<std::uint32_t, LogNumber>>& marks, const std::vector<std::uint32_t>& gone,
                  const WriteRow& write_row) {
  StreamInfo changed = info();
  for (const auto& [id, before] : marks) {
    const auto shard = std::ranges::find(changed.shards, id, &Shard::id);
    if (shard != changed.shards.end()) shard->trimmed_before = std::max(shard->trimmed_before, before);
  }
  std::erase_if(changed.shards,
                [&gone](const Shard& shard) { return std::ranges::find(gone, shard.id) != gone.end(); });
  write_row(changed);
  set_info(std::move(changed));
}

}  // namespace stator::engine
