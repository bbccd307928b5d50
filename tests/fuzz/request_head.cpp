#include "server/request_head.h"

#include <string>

#include "fuzz/budget.h"
#include "fuzz/check.h"

/// Bytes of a connection: a head is read completely or refused, wherever the bytes are split.
namespace {

using stator::fuzz::require;
using stator::server::HeadStatus;
using stator::server::RequestHead;

constexpr std::size_t kMaxHeadBytes = 16 * 1024;
constexpr stator::fuzz::Bound kBound{.base_us = 5'000, .ns_per_byte = 2'000};

void check(std::string_view bytes) {
  RequestHead head;
  const HeadStatus status = parse_head(bytes, kMaxHeadBytes, head);
  if (status != HeadStatus::kComplete) return;
  require(head.size_bytes <= bytes.size() && head.size_bytes <= kMaxHeadBytes, "a head ends inside the bytes");
  require(bytes.substr(0, head.size_bytes).ends_with("\r\n\r\n"), "a head ends with an empty line");
  require(!(head.chunked && head.content_length), "a body has one length");
  for (const std::size_t cut : {head.size_bytes / 2, head.size_bytes - 1}) {
    RequestHead part;
    require(parse_head(bytes.substr(0, cut), kMaxHeadBytes, part) != HeadStatus::kComplete,
            "a head is not complete before its empty line");
  }
  RequestHead again;
  require(parse_head(bytes.substr(0, head.size_bytes), kMaxHeadBytes, again) == HeadStatus::kComplete &&
              again.content_length == head.content_length && again.chunked == head.chunked,
          "what follows a head does not change it");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A copy on the heap, so that AddressSanitizer detects reads beyond its end.
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  stator::fuzz::within(kBound, size, [&] { check(bytes); });
  return 0;
}
