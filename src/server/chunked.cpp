#include "server/chunked.h"

#include <algorithm>
#include <cstring>

#include "core/hexadecimal.h"

namespace stator::server {
namespace {

constexpr std::size_t kMaxLineBytes = 4096;  // one chunk's size line, or all trailers

}  // namespace

ChunkedDecoder::Status ChunkedDecoder::expect(char wanted, char c, State next) {
  if (c != wanted) return Status::kMalformed;
  state_ = next;
  return Status::kIncomplete;
}

ChunkedDecoder::Status ChunkedDecoder::take_of_size(char c) {
  if (const int digit = core::hexadecimal_value(c); digit >= 0) {
    size_seen_ = true;
    chunk_left_ = chunk_left_ * 16 + static_cast<std::size_t>(digit);
    return chunk_left_ > max_body_bytes_ - decoded_ ? Status::kTooLarge : Status::kIncomplete;
  }
  if (!size_seen_) return Status::kMalformed;
  if (c == ';' || c == ' ' || c == '\t') {
    state_ = State::kExtension;
    return Status::kIncomplete;
  }
  return expect('\r', c, State::kSizeEnd);
}

ChunkedDecoder::Status ChunkedDecoder::take(char c) {
  if (++line_bytes_ > kMaxLineBytes) return Status::kMalformed;
  switch (state_) {
    case State::kSize:
      return take_of_size(c);
    case State::kExtension:
      if (c == '\r') state_ = State::kSizeEnd;
      return c == '\n' ? Status::kMalformed : Status::kIncomplete;
    case State::kSizeEnd:
      line_bytes_ = 0;
      size_seen_ = false;
      return expect('\n', c, chunk_left_ == 0 ? State::kTrailer : State::kData);
    case State::kDataEnd:
      return expect('\r', c, State::kDataEndLf);
    case State::kDataEndLf:
      return expect('\n', c, State::kSize);
    case State::kTrailer:
      if (c == '\n') return Status::kMalformed;
      state_ = c == '\r' ? State::kEnd : State::kTrailerLine;
      return Status::kIncomplete;
    case State::kTrailerLine:
      if (c == '\n') state_ = State::kTrailer;
      return Status::kIncomplete;
    case State::kEnd:
      return c == '\n' ? Status::kComplete : Status::kMalformed;
    case State::kData:
      break;
  }
  return Status::kIncomplete;
}

ChunkedDecoder::Status ChunkedDecoder::decode(char* body, std::size_t size, std::size_t& used) {
  std::size_t at = decoded_;
  Status status = Status::kIncomplete;
  while (at < size && status == Status::kIncomplete) {
    if (state_ != State::kData) {
      status = take(body[at++]);
      continue;
    }
    const std::size_t count = std::min(chunk_left_, size - at);
    std::memmove(body + decoded_, body + at, count);
    decoded_ += count;
    at += count;
    chunk_left_ -= count;
    if (chunk_left_ == 0) state_ = State::kDataEnd;
  }
  used = at;
  return status;
}

}  // namespace stator::server
