#include "server/chunked.h"

#include <algorithm>
#include <string>

#include "fuzz/budget.h"
#include "fuzz/check.h"

/// The first byte selects the size of the pieces in which the rest arrives: the body must be the same as in one piece.
namespace {

using stator::fuzz::require;
using stator::server::ChunkedDecoder;
using Status = ChunkedDecoder::Status;

constexpr std::size_t kMaxBodyBytes = 4096;
constexpr stator::fuzz::Bound kBound{.base_us = 5'000, .ns_per_byte = 20'000};

struct Decoded {
  Status status = Status::kIncomplete;
  std::string body;
  std::size_t left = 0;
};

Decoded decode(std::string_view raw, std::size_t piece_bytes) {
  ChunkedDecoder decoder(kMaxBodyBytes);
  Decoded result;
  std::string bytes;
  while (result.status == Status::kIncomplete && !raw.empty()) {
    bytes.append(raw.substr(0, piece_bytes));
    raw.remove_prefix(std::min(piece_bytes, raw.size()));
    std::size_t used = 0;
    result.status = decoder.decode(bytes.data(), bytes.size(), used);
    require(used <= bytes.size() && decoder.decoded() <= used, "decoded bytes stand before the raw ones");
    // Like a connection: moves the remaining raw bytes behind the decoded ones.
    result.left = bytes.size() - used;
    bytes.erase(decoder.decoded(), used - decoder.decoded());
  }
  result.left += raw.size();
  result.body = bytes.substr(0, decoder.decoded());
  return result;
}

void check(std::string_view raw, std::size_t piece_bytes) {
  const Decoded at_once = decode(raw, raw.size());
  const Decoded in_pieces = decode(raw, piece_bytes);
  require(at_once.status == in_pieces.status, "the same bytes end the same way, however they arrive");
  if (at_once.status != Status::kComplete) return;
  require(at_once.body == in_pieces.body, "the same bytes are the same body, however they arrive");
  require(at_once.left == in_pieces.left, "the next request begins at the same place");
  require(at_once.body.size() <= kMaxBodyBytes, "a body is no larger than its limit");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string raw(reinterpret_cast<const char*>(data + 1), size - 1);
  stator::fuzz::within(kBound, size, [&] { check(raw, 1U + data[0]); });
  return 0;
}
