#include "api/stream_names.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "api/call.h"
#include "core/base64.h"
#include "store/key_encoding.h"

namespace stator::api {
namespace {

constexpr std::string_view kTable = ":table/";
constexpr std::string_view kStream = "/stream/";
constexpr std::string_view kShardId = "shardId-";
constexpr std::size_t kSequenceDigits = 20;
/// Precedes the digits, so that a sequence number has the API's minimum length.
constexpr char kSequenceLead = '1';
/// Separates the ARN of an iterator from the position.
constexpr std::string_view kVersion = "|1|";

void append_big_endian(std::uint64_t value, std::size_t bytes, std::string& out) {
  for (std::size_t i = bytes; i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i)));
}

std::uint64_t take_big_endian(std::string_view& in, std::size_t bytes) {
  std::uint64_t value = 0;
  for (const char byte : in.substr(0, bytes)) value = value << 8U | static_cast<unsigned char>(byte);
  in.remove_prefix(bytes);
  return value;
}

constexpr std::size_t kPlaceBytes = 1 + 4 + 4 + 8 + 8;
constexpr std::size_t kCheckBytes = 8;

/// A checksum to recognise texts that are not iterators; not a secret.
std::uint64_t check_of(std::string_view arn, std::string_view place) {
  return store::partition_hash(std::string(arn).append(place));
}

bool all_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string stream_resource(std::string_view table, std::string_view label) {
  return std::string("table/").append(table).append(kStream).append(label);
}

std::string stream_arn(const Context& context, std::string_view table, std::string_view label) {
  return table_arn(context, table).append(kStream).append(label);
}

std::optional<StreamName> parse_stream_arn(std::string_view arn) {
  if (!arn.starts_with("arn:")) return std::nullopt;
  const std::size_t table = arn.find(kTable);
  if (table == std::string_view::npos) return std::nullopt;
  const std::string_view path = arn.substr(table + kTable.size());
  const std::size_t stream = path.find(kStream);
  if (stream == std::string_view::npos || stream == 0) return std::nullopt;
  return StreamName{path.substr(0, stream), path.substr(stream + kStream.size())};
}

std::string shard_id(const engine::StreamInfo& stream, std::uint32_t shard) {
  char text[48];
  const int length =
      std::snprintf(text, sizeof text, "shardId-%020lld-%08x", static_cast<long long>(stream.created_ms), shard);
  return {text, static_cast<std::size_t>(length)};
}

std::optional<std::uint32_t> parse_shard_id(const engine::StreamInfo& stream, std::string_view id) {
  const std::size_t dash = id.rfind('-');
  if (!id.starts_with(kShardId) || dash == std::string_view::npos) return std::nullopt;
  const std::string_view digits = id.substr(dash + 1);
  std::uint32_t shard = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), shard, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (shard_id(stream, shard) != id) return std::nullopt;
  return shard;
}

void append_sequence_number(engine::LogNumber number, std::string& out) {
  char digits[kSequenceDigits];
  for (std::size_t i = kSequenceDigits; i-- > 0; number /= 10) digits[i] = static_cast<char>('0' + number % 10);
  out.push_back(kSequenceLead);
  out.append(digits, kSequenceDigits);
}

std::string sequence_number(engine::LogNumber number) {
  std::string text;
  append_sequence_number(number, text);
  return text;
}

std::optional<engine::LogNumber> parse_sequence_number(std::string_view text) {
  if (text.size() != 1 + kSequenceDigits || text.front() != kSequenceLead || !all_digits(text)) return std::nullopt;
  engine::LogNumber number = 0;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  return number;
}

std::string write_shard_iterator(std::string_view arn, const ShardIterator& iterator) {
  std::string place;
  place.push_back(iterator.position.from_oldest ? 1 : 0);
  append_big_endian(iterator.stream, 4, place);
  append_big_endian(iterator.position.shard, 4, place);
  append_big_endian(iterator.position.number, 8, place);
  append_big_endian(static_cast<std::uint64_t>(iterator.created_ms), 8, place);
  append_big_endian(check_of(arn, place), kCheckBytes, place);
  std::string text = std::string(arn).append(kVersion);
  core::base64_append(place, text);
  return text;
}

std::optional<std::pair<std::string_view, ShardIterator>> parse_shard_iterator(std::string_view text) {
  const std::size_t version = text.rfind(kVersion);
  if (version == std::string_view::npos) return std::nullopt;
  const std::string_view arn = text.substr(0, version);
  const std::optional<std::string> bytes = core::base64_decode(text.substr(version + kVersion.size()));
  if (!bytes || bytes->size() != kPlaceBytes + kCheckBytes) return std::nullopt;
  std::string_view check = std::string_view(*bytes).substr(kPlaceBytes);
  std::string_view place = std::string_view(*bytes).substr(0, kPlaceBytes);
  if (take_big_endian(check, kCheckBytes) != check_of(arn, place)) return std::nullopt;
  ShardIterator iterator;
  iterator.position.from_oldest = take_big_endian(place, 1) != 0;
  iterator.stream = static_cast<store::SpaceId>(take_big_endian(place, 4));
  iterator.position.shard = static_cast<std::uint32_t>(take_big_endian(place, 4));
  iterator.position.number = take_big_endian(place, 8);
  iterator.created_ms = static_cast<std::int64_t>(take_big_endian(place, 8));
  return std::pair{arn, iterator};
}

}  // namespace stator::api
