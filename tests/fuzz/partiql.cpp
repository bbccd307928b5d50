#include <string>

#include "core/api_error.h"
#include "fuzz/budget.h"
#include "fuzz/check.h"
#include "partiql/syntax.h"

/// A statement is parsed, or refused with the service's messages; a second parse gives the same result.
namespace {

constexpr stator::fuzz::Bound kBound{.base_us = 20'000, .ns_per_byte = 10'000};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  stator::fuzz::within(kBound, size, [&] {
    try {
      const auto statement = stator::partiql::parse(text);
      const auto again = stator::partiql::parse(statement->text);
      stator::fuzz::require(again->nodes.size() == statement->nodes.size(), "the same text has the same tree");
      stator::fuzz::require(again->size_bytes() < 4096 + 400 * size, "a tree is linear in its text");
    } catch (const stator::core::ApiError& error) {
      stator::fuzz::require(error.type == "ValidationException", "a faulty statement is the client's fault");
    }
  });
  return 0;
}
