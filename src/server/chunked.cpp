#include "server/chunked.h"

#include <algorithm>
#include <cstring>

#include "core/hexadecimal.h"

namespace stator::server {
namespace {

constexpr std::size_t kMaxLineBytes = 4096;  // one chunk's size line, or all trailers

}  // namespace

ChunkedDecoder::Status ChunkedDecoder::decode(char* body, std::size_t size, std::size_t& used) {
  std::size_t at = decoded_;
  const auto finish = [&](Status status) {
    used = at;
    return status;
  };
  while (at < size) {
    if (state_ == State::kData) {
      const std::size_t count = std::min(chunk_left_, size - at);
      std::memmove(body + decoded_, body + at, count);
      decoded_ += count;
      at += count;
      chunk_left_ -= count;
      if (chunk_left_ == 0) state_ = State::kDataEnd;
      continue;
    }
    const char c = body[at++];
    if (++line_bytes_ > kMaxLineBytes) return finish(Status::kMalformed);
    switch (state_) {
      case State::kSize:
        if (const int digit = core::hexadecimal_value(c); digit >= 0) {
          size_seen_ = true;
          chunk_left_ = chunk_left_ * 16 + static_cast<std::size_t>(digit);
          if (chunk_left_ > max_body_bytes_ - decoded_) return finish(Status::kTooLarge);
          break;
        }
        if (!size_seen_) return finish(Status::kMalformed);
        if (c == '\r') {
          state_ = State::kSizeEnd;
        } else if (c == ';' || c == ' ' || c == '\t') {
          state_ = State::kExtension;
        } else {
          return finish(Status::kMalformed);
        }
        break;
      case State::kExtension:
        if (c == '\r') state_ = State::kSizeEnd;
        if (c == '\n') return finish(Status::kMalformed);
        break;
      case State::kSizeEnd:
        if (c != '\n') return finish(Status::kMalformed);
        state_ = chunk_left_ == 0 ? State::kTrailer : State::kData;
        line_bytes_ = 0;
        size_seen_ = false;
        break;
      case State::kDataEnd:
        if (c != '\r') return finish(Status::kMalformed);
        state_ = State::kDataEndLf;
        break;
      case State::kDataEndLf:
        if (c != '\n') return finish(Status::kMalformed);
        state_ = State::kSize;
        break;
      case State::kTrailer:  // at the start of a trailer line, or of the empty line
        if (c == '\r') {
          chunk_left_ = 1;  // the empty line has begun
        } else if (c == '\n') {
          return finish(chunk_left_ == 1 ? Status::kComplete : Status::kMalformed);
        } else if (chunk_left_ == 1) {
          return finish(Status::kMalformed);
        } else {
          state_ = State::kTrailerLine;
        }
        break;
      case State::kTrailerLine:
        if (c == '\n') state_ = State::kTrailer;
        break;
      case State::kData:
        break;
    }
  }
  return finish(Status::kIncomplete);
}

}  // namespace stator::server
