#include <memory>
#include <string>

#include "api/generated/answer.h"
#include "api/generated/prepared_tables.h"
#include "api/operations.h"
#include "fuzz/budget.h"
#include "fuzz/check.h"

/// The first line names an operation (any other text is mapped to one), the rest is the request body.
namespace {

namespace api = stator::api;
namespace generated = stator::api::generated;

/// The prepared tables are small, but an expression may read an item several times.
constexpr stator::fuzz::Bound kBound{.base_us = 300'000, .ns_per_byte = 5'000};

const api::Operation& operation_of(std::string_view line) {
  if (const api::Operation* known = api::find_operation(line)) return *known;
  std::size_t sum = 0;
  for (const char byte : line) sum += static_cast<unsigned char>(byte);
  return api::kOperations[sum % std::size(api::kOperations)];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::unique_ptr<stator::endpoint::Embedded> tables = generated::prepared_tables(true);
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const api::Operation& operation = operation_of(stator::fuzz::take_until(rest, '\n'));
  const bool built = operation.answer != nullptr;
  const bool writes = built && operation.effect == api::Effect::kWrite;
  const std::string request(rest);
  bool changed = false;
  stator::fuzz::within(kBound, size, [&] {
    const generated::Answer given = generated::answer(*tables, operation.name, built, request);
    const std::string fault = generated::fault_of(given, request.size());
    stator::fuzz::require(fault.empty(), fault);
    changed = changed || (writes && given.error.empty());
  });
  if (changed) tables = generated::prepared_tables(true);  // so that an input's result does not depend on earlier ones
  return 0;
}
