#include "toolkit/transfer_state.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "core/descriptor.h"
#include "core/hexadecimal.h"
#include "core/utf8.h"
#include "json/reader.h"
#include "json/writer.h"
#include "toolkit/call.h"

namespace stator::toolkit {
namespace {

std::uint64_t from_hex(const json::Value& value) {
  return std::stoull(std::string(value.get_string().value()), nullptr, 16);
}

WrittenItem read_written(const json::Value& value) {
  return {std::string(simdjson::minify(value["key"].get_object().value())),
          {from_hex(value["high"].value()), from_hex(value["low"].value())}};
}

SegmentState read_segment(const json::Value& value) {
  SegmentState segment;
  json::Value key;
  if (value["start"].get(key) == simdjson::SUCCESS && key.is_object()) segment.start_key = simdjson::minify(key);
  segment.finished = value["finished"].get_bool().value();
  segment.done.items = value["items"].get_uint64().value();
  segment.done.high = from_hex(value["high"].value());
  segment.done.low = from_hex(value["low"].value());
  json::Value written;
  if (value["written"].get(written) == simdjson::SUCCESS) segment.last_written = read_written(written);
  return segment;
}

FollowState read_follow(const json::Value& value) {
  FollowState follow;
  follow.since_seconds = value["since"].get_int64().value();
  follow.last_read_seconds = value["asked"].get_int64().value();
  follow.stream_arn = std::string(value["stream"].get_string().value());
  const json::Object shards = value["shards"].get_object().value();
  for (const auto member : shards) {
    ShardState& shard = follow.shards[std::string(member.key)];
    shard.sequence_number = std::string(member.value["after"].get_string().value());
    shard.ended = member.value["ended"].get_bool().value();
  }
  json::Array written;
  if (value["written"].get(written) == simdjson::SUCCESS) {
    for (const json::Value item : written) follow.last_written.push_back(read_written(item));
  }
  return follow;
}

/// Replaces the file by an empty one that only its owner can read, as a transfer's state holds keys of items.
void create_private(const std::filesystem::path& file) {
  ::unlink(file.c_str());
  const core::Descriptor created(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (created.number() < 0) throw std::runtime_error("cannot write " + file.string() + ": " + std::strerror(errno));
}

const char* truth(bool value) { return value ? "true" : "false"; }

std::string text_of(const WrittenItem& item) {
  return RequestBuilder()
      .json("key", item.key)
      .text("high", core::hexadecimal(item.hash.high))
      .text("low", core::hexadecimal(item.hash.low))
      .str();
}

std::string text_of(const FollowState& follow) {
  RequestBuilder shards;
  for (const auto& [id, shard] : follow.shards)
    shards.json(id, RequestBuilder().text("after", shard.sequence_number).json("ended", truth(shard.ended)).str());
  std::string written = "[";
  for (const WrittenItem& item : follow.last_written) written += (written.size() > 1 ? "," : "") + text_of(item);
  return RequestBuilder()
      .json("written", written + "]")
      .json("since", std::to_string(follow.since_seconds))
      .json("asked", std::to_string(follow.last_read_seconds))
      .text("stream", follow.stream_arn)
      .json("shards", shards.str())
      .str();
}

std::string text_of(const SegmentState& segment) {
  RequestBuilder text;
  text.number("items", segment.done.items)
      .text("high", core::hexadecimal(segment.done.high))
      .text("low", core::hexadecimal(segment.done.low))
      .json("finished", truth(segment.finished))
      .json("start", segment.start_key.empty() ? "null" : segment.start_key);
  if (!segment.last_written.key.empty()) text.json("written", text_of(segment.last_written));
  return text.str();
}

}  // namespace

TableChecksum TransferState::total() const {
  TableChecksum sum;
  for (const SegmentState& segment : segments) sum.add(segment.done);
  return sum;
}

StateFile::StateFile(std::filesystem::path file, const std::string& identity)
    : file_(std::move(file)), identity_(core::to_utf8(identity)) {}  // it may hold a path

std::optional<TransferState> StateFile::read() const {
  if (file_.empty() || !std::filesystem::exists(file_)) return std::nullopt;
  std::ifstream in(file_);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  TransferState state;
  std::string identity;
  try {
    json::Parser parser;
    const json::Value root = parser.parse(text);
    identity = std::string(root["transfer"].get_string().value());
    json::Array tables;
    if (root["tables"].get(tables) == simdjson::SUCCESS) {
      for (const json::Value table : tables) state.tables.emplace_back(table.get_string().value());
    }
    const json::Array segments = root["segments"].get_array().value();
    for (const json::Value value : segments) state.segments.push_back(read_segment(value));
    state.bytes = root["bytes"].get_uint64().value();
    state.lines = root["lines"].get_uint64().value();
    json::Value follow;
    if (root["follow"].get(follow) == simdjson::SUCCESS) state.follow = read_follow(follow);
  } catch (const std::exception&) {
    throw std::runtime_error(file_.string() + " does not record a transfer's progress; --restart starts over");
  }
  if (identity != identity_)
    throw std::runtime_error(file_.string() + " belongs to another transfer (" + identity + "); --restart starts over");
  return state;
}

void StateFile::write(const TransferState& state) const {
  if (file_.empty()) return;
  std::string segments = "[";
  for (const SegmentState& segment : state.segments) segments += (segments.size() > 1 ? "," : "") + text_of(segment);
  std::string tables = "[";
  for (const std::string& table : state.tables) {
    if (tables.size() > 1) tables += ',';
    json::append_string(table, tables);
  }
  RequestBuilder text;
  text.text("transfer", identity_)
      .json("tables", tables + "]")
      .number("bytes", state.bytes)
      .number("lines", state.lines);
  text.json("segments", segments + "]");
  if (state.follow) text.json("follow", text_of(*state.follow));
  const std::filesystem::path draft = file_.string() + ".new";
  create_private(draft);
  std::ofstream out(draft);
  out << text.str() << "\n";
  out.close();
  std::error_code error;
  if (out) std::filesystem::rename(draft, file_, error);
  if (!out || error) throw std::runtime_error("cannot write " + file_.string());
}

void StateFile::remove() const {
  std::error_code error;
  if (!file_.empty()) std::filesystem::remove(file_, error);
}

}  // namespace stator::toolkit
