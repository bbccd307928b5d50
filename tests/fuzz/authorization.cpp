#include <string>

#include "core/api_error.h"
#include "fuzz/budget.h"
#include "fuzz/check.h"
#include "server/authentication.h"

/// A head with its Authorization header or presigned query, and its body.
namespace {

constexpr stator::fuzz::Bound kBound{.base_us = 10'000, .ns_per_byte = 20'000};

void check(std::string_view bytes) {
  stator::server::RequestHead head;
  if (parse_head(bytes, 16 * 1024, head) != stator::server::HeadStatus::kComplete) return;
  const stator::server::AnyCredentials any;
  try {
    any.check(head, bytes.substr(head.size_bytes));
  } catch (const stator::core::ApiError& error) {
    stator::fuzz::require(stator::core::http_status(error) < 500, "a signature is the client's fault");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  stator::fuzz::within(kBound, size, [&] { check(bytes); });
  return 0;
}
