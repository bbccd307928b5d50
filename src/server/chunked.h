#pragma once

#include <cstddef>
#include <cstdint>

namespace stator::server {

/// Decodes a chunked body (RFC 9112, 7.1) in place, as its bytes arrive: the decoded bytes are moved to the front,
/// over the chunk sizes between them.
class ChunkedDecoder {
 public:
  enum class Status : std::uint8_t { kIncomplete, kComplete, kMalformed, kTooLarge };

  explicit ChunkedDecoder(std::size_t max_body_bytes) : max_body_bytes_(max_body_bytes) {}

  /// On entry, `body` holds `decoded()` decoded bytes, then raw bytes up to `size`. On return `decoded()` has grown,
  /// and `used` is the offset of the remaining raw bytes (after kComplete they belong to the next request).
  Status decode(char* body, std::size_t size, std::size_t& used);
  [[nodiscard]] std::size_t decoded() const { return decoded_; }

 private:
  enum class State : std::uint8_t {
    kSize,
    kExtension,
    kSizeEnd,
    kData,
    kDataEnd,
    kDataEndLf,
    kTrailer,      // at the start of a trailer line, or of the empty line
    kTrailerLine,  // inside a trailer line
    kEnd,          // in the empty line, after its CR
  };

  /// Takes the next character that is not data.
  Status take(char c);
  Status take_of_size(char c);
  /// Continues with `next` if `c` is `wanted`, the only character allowed here.
  Status expect(char wanted, char c, State next);

  State state_ = State::kSize;
  bool size_seen_ = false;
  std::size_t chunk_left_ = 0;
  std::size_t decoded_ = 0;
  /// Bytes of the current size line, or of all trailers. They are not part of the body and have their own limit.
  std::size_t line_bytes_ = 0;
  std::size_t max_body_bytes_;
};

}  // namespace stator::server
