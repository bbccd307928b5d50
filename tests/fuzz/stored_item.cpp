#include <stdexcept>
#include <string>

#include "api/operations.h"
#include "api/shape.h"
#include "core/api_error.h"
#include "fuzz/budget.h"
#include "fuzz/check.h"
#include "json/item.h"

/// The first line names an attribute, the rest is a stored item, perhaps damaged: an Item of these bytes throws or
/// works, and reads nothing beyond them.
namespace {

constexpr stator::fuzz::Bound kBound{.base_us = 20'000, .ns_per_byte = 20'000};

void use(std::string_view name, const std::string& stored) {
  stator::json::Item item(stored);
  (void)item.find(name);
  std::string out;
  item.append_attribute(name, out);
  item.append_json(out);
  (void)item.size_bytes();
  (void)item.holds_same(stator::json::Item(stored));
  item.set(name, stator::core::AttributeValue::string("new"));
  item.append_json(out);
  item.remove(name);
  (void)item.size_bytes();
}

/// An item that a request may put can be stored, and reads back the same.
void put(const std::string& wire) {
  stator::json::Parser parser;
  stator::json::Object request;
  if (parser.parse(R"({"TableName":"abc","Item":)" + wire + "}").get(request) != simdjson::SUCCESS) return;
  stator::api::check_shape(*stator::api::find_operation("PutItem"), request);
  stator::json::Object object;
  if (request["Item"].get(object) != simdjson::SUCCESS) return;
  const stator::json::EncodedItem encoded = stator::json::normalise_item(object);
  const stator::json::Item item(encoded.json);
  std::string again;
  item.append_json(again);
  stator::fuzz::require(again == encoded.json, "a stored item is written as it was read");
  stator::fuzz::require(item.size_bytes() == encoded.size_bytes, "its size is the one that was stored");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string name(stator::fuzz::take_until(rest, '\n'));
  const std::string stored(rest);
  stator::fuzz::within(kBound, size, [&] {
    try {
      use(name, stored);
    } catch (const std::exception&) {
      // Refused as damaged.
    }
    try {
      put(stored);
    } catch (const stator::core::ApiError&) {
      // Refused as a request.
    }
  });
  return 0;
}
