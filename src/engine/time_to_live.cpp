#include "engine/time_to_live.h"

#include <charconv>

#include "core/damage_error.h"
#include "engine/keys.h"

namespace stator::engine {
namespace {
constexpr std::size_t kSecondsBytes = 8;
}

std::optional<std::int64_t> expiry_seconds(const json::Item& item, std::string_view attribute) {
  const core::AttributeValue* value = item.find(attribute);
  const auto* number = value == nullptr ? nullptr : value->get_if<core::Number>();
  if (number == nullptr || number->is_negative()) return std::nullopt;
  std::int64_t seconds = 0;
  if (!number->to_int64(seconds)) {
    // A fraction (canonical text has no exponent): the item expires at the next whole second.
    const std::string text = number->to_string();
    const std::size_t point = text.find('.');
    if (point == std::string::npos) return std::nullopt;  // too great
    const auto [end, error] = std::from_chars(text.data(), text.data() + point, seconds);
    if (error != std::errc() || seconds == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    ++seconds;
  }
  if (seconds == 0) return std::nullopt;
  return seconds;
}

std::string expiry_bound(store::SpaceId space, std::int64_t seconds) {
  std::string key;
  store::append_space(space, key);
  store::append_hash(static_cast<std::uint64_t>(seconds), key);  // eight bytes, big endian
  return key;
}

std::string expiry_key(store::SpaceId space, std::int64_t seconds, std::string_view encoded_item_key) {
  return expiry_bound(space, seconds).append(encoded_item_key.substr(sizeof(store::SpaceId)));
}

ExpiryRow read_expiry_key(const Table& table, std::string_view expiry_key) {
  if (expiry_key.size() <= sizeof(store::SpaceId) + kSecondsBytes + sizeof(std::uint64_t)) {
    throw core::DamageError("the key of a time-to-live row is too short");
  }
  expiry_key.remove_prefix(sizeof(store::SpaceId));
  ExpiryRow row;
  std::uint64_t seconds = 0;
  for (const char byte : expiry_key.substr(0, kSecondsBytes)) seconds = seconds << 8 | static_cast<unsigned char>(byte);
  row.seconds = static_cast<std::int64_t>(seconds);
  store::append_space(table.space, row.item_key);
  row.item_key.append(expiry_key.substr(kSecondsBytes));
  return row;
}

}  // namespace stator::engine
