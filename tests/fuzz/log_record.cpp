#include <functional>
#include <string>

#include "core/damage_error.h"
#include "engine/log/record.h"
#include "fuzz/budget.h"
#include "fuzz/check.h"

/// The bytes of a record of the change log, perhaps damaged: they are refused as damage, or the record's parts lie
/// within them in order.
namespace {

constexpr stator::fuzz::Bound kBound{.base_us = 10'000, .ns_per_byte = 1'000};

void check(const std::string& stored) {
  stator::engine::LogRecord record;
  try {
    record = stator::engine::read_log_record(stored);
  } catch (const stator::core::DamageError&) {
    return;
  }
  stator::fuzz::require(record.kind <= stator::engine::ChangeKind::kRemove, "it is of a known kind");
  stator::fuzz::require(record.origin <= stator::engine::ChangeOrigin::kImport, "it is of a known origin");
  stator::fuzz::require(!record.keys.json.empty(), "it has keys");
  const char* end = stored.data();
  for (const auto* part : {&record.keys, &record.new_image, &record.old_image}) {
    if (part->json.empty()) continue;
    stator::fuzz::require(std::greater_equal<>()(part->json.data(), end), "no part begins within the one before");
    end = part->json.data() + part->json.size();
    stator::fuzz::require(std::less_equal<>()(end, stored.data() + stored.size()), "no part ends behind the record");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string stored(reinterpret_cast<const char*>(data), size);
  stator::fuzz::within(kBound, size, [&] { check(stored); });
  return 0;
}
