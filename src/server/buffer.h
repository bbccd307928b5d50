#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>

namespace stator::server {

/// A connection's input: bytes received and not yet consumed, in one block that is reused for all requests. The last
/// byte is always followed by at least `kPaddingBytes` readable bytes, so that simdjson can parse bodies in place.
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

  /// Free space after the last byte, to receive into.
  [[nodiscard]] char* tail() { return block_.get() + end_; }
  [[nodiscard]] std::size_t tail_size() const { return capacity_ == 0 ? 0 : capacity_ - kPaddingBytes - end_; }
  void commit(std::size_t count) {
    assert(count <= tail_size());
    end_ += count;
  }

  void consume(std::size_t count) {
    assert(count <= size());
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  /// Shortens the content to its first `count` bytes.
  void truncate(std::size_t count) {
    assert(count <= size());
    end_ = begin_ + count;
  }
  void clear() { begin_ = end_ = 0; }

  /// The capacity after `reserve(count)`.
  [[nodiscard]] std::size_t capacity_for(std::size_t count) const {
    const std::size_t needed = size() + count + kPaddingBytes;
    if (needed <= capacity_) return capacity_;
    return std::max(kInitialCapacity, (needed + kPageBytes - 1) / kPageBytes * kPageBytes);
  }

  /// Makes room for `count` more bytes, by moving the content to the front or into a larger block. Throws
  /// std::bad_alloc and keeps the content.
  void reserve(std::size_t count) {
    if (tail_size() >= count) return;
    const std::size_t wanted = capacity_for(count);
    if (begin_ != 0) std::memmove(block_.get(), data(), size());
    end_ -= begin_;
    begin_ = 0;
    if (wanted == capacity_) return;
    // realloc: the kernel moves the pages of a large block instead of copying them.
    void* const larger = std::realloc(block_.get(), wanted);
    if (larger == nullptr) throw std::bad_alloc();
    static_cast<void>(block_.release());
    block_.reset(static_cast<char*>(larger));
    capacity_ = wanted;
  }

  /// Frees the block and drops its content.
  void release() {
    block_.reset();
    capacity_ = begin_ = end_ = 0;
  }

 private:
  static constexpr std::size_t kPageBytes = 4096;
  struct Free {
    void operator()(char* block) const { std::free(block); }
  };

  std::unique_ptr<char, Free> block_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace stator::server
