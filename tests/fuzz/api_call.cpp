#include <algorithm>
#include <memory>
#include <string>

#include "api/generated/answer.h"
#include "api/generated/prepared_tables.h"
#include "api/shapes/operations.h"
#include "fuzz/budget.h"
#include "fuzz/check.h"

/// The first line names an operation (any other text stands for one of them), the rest is the request body.
namespace {

namespace generated = stator::api::generated;
namespace shapes = stator::api::shapes;

/// The prepared tables are small, but one item is read several times over by an expression.
constexpr stator::fuzz::Bound kBound{.base_us = 300'000, .ns_per_byte = 5'000};

std::string_view operation_of(std::string_view line) {
  if (const shapes::Operation* known = shapes::find_operation(line)) return known->name;
  std::size_t sum = 0;
  for (const char byte : line) sum += static_cast<unsigned char>(byte);
  return shapes::kOperations[sum % std::size(shapes::kOperations)].name;
}

bool is_built(std::string_view operation) {
  static const std::unique_ptr<stator::endpoint::Embedded> kEmpty =
      std::make_unique<stator::endpoint::Embedded>(stator::engine::Options{});
  return generated::answer(*kEmpty, operation, true, "[").error != "UnknownOperationException";
}

bool only_reads(std::string_view operation) {
  constexpr std::string_view kReading[] = {"Describe", "List", "Get", "BatchGet", "TransactGet", "Query", "Scan"};
  return std::ranges::any_of(kReading, [&](std::string_view start) { return operation.starts_with(start); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::unique_ptr<stator::endpoint::Embedded> tables = generated::prepared_tables();
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view operation = operation_of(stator::fuzz::take_until(rest, '\n'));
  const bool built = is_built(operation);
  const std::string request(rest);
  bool changed = false;
  stator::fuzz::within(kBound, size, [&] {
    const generated::Answer given = generated::answer(*tables, operation, built, request);
    const std::string fault = generated::fault_of(given, request.size());
    stator::fuzz::require(fault.empty(), fault);
    changed = changed || (built && given.error.empty() && !only_reads(operation));
  });
  if (changed) tables = generated::prepared_tables();  // so that an input means the same whatever came before it
  return 0;
}
