#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace stator::server {

/// A connection's input: bytes received and not yet used, in one block that is reused from request to request.
/// At least `kPaddingBytes` readable bytes always follow the last one, so that simdjson parses bodies in place.
class Buffer {
 public:
  static constexpr std::size_t kPaddingBytes = 64;
  static constexpr std::size_t kInitialCapacity = 8 * 1024;

  [[nodiscard]] char* data() { return block_.get() + begin_; }
  [[nodiscard]] const char* data() const { return block_.get() + begin_; }
  [[nodiscard]] std::size_t size() const { return end_ - begin_; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  [[nodiscard]] std::string_view view() const { return {data(), size()}; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  /// Readable bytes after the byte at `offset` (padding included).
  [[nodiscard]] std::size_t readable_after(std::size_t offset) const { return capacity_ - (begin_ + offset); }

  /// Room to receive into, after the last byte.
  [[nodiscard]] char* tail() { return block_.get() + end_; }
  [[nodiscard]] std::size_t tail_size() const { return capacity_ == 0 ? 0 : capacity_ - kPaddingBytes - end_; }
  void commit(std::size_t count) { end_ += count; }

  void consume(std::size_t count) {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  /// Shortens the content to its first `count` bytes.
  void truncate(std::size_t count) { end_ = begin_ + count; }
  void clear() { begin_ = end_ = 0; }

  /// The capacity that making room for `count` more bytes would come to.
  [[nodiscard]] std::size_t capacity_for(std::size_t count) const {
    const std::size_t needed = size() + count + kPaddingBytes;
    std::size_t wanted = std::max(capacity_, kInitialCapacity);
    while (wanted < needed) wanted *= 2;
    return wanted;
  }

  /// Makes room for `count` more bytes, by moving the content to the front or into a larger block.
  void reserve(std::size_t count) {
    if (tail_size() >= count) return;
    const std::size_t wanted = capacity_for(count);
    if (wanted == capacity_) {
      std::memmove(block_.get(), data(), size());
    } else {
      std::unique_ptr<char[]> larger(new char[wanted]);
      if (!empty()) std::memcpy(larger.get(), data(), size());
      block_ = std::move(larger);
      capacity_ = wanted;
    }
    end_ -= begin_;
    begin_ = 0;
  }

  /// Gives the block back; only when empty.
  void release() {
    block_.reset();
    capacity_ = begin_ = end_ = 0;
  }

 private:
  std::unique_ptr<char[]> block_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace stator::server
