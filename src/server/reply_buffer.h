#pragma once

#include <cassert>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace stator::server {

/// Replies to be sent. A body is appended first, and its head is then written into space reserved before it, so that
/// the head can contain the body's length and checksum, nothing is moved, and a reply is contiguous.
class ReplyBuffer {
 public:
  /// More than most heads need; for a longer head the body is moved.
  static constexpr std::size_t kHeadRoom = 768;

  struct Segment {
    std::size_t begin;
    std::size_t end;
  };

  /// Begins a reply: everything then appended to `bytes` is its body.
  void open() {
    begin_ = bytes_.size();
    bytes_.append(kHeadRoom, ' ');
    body_ = bytes_.size();
  }
  [[nodiscard]] std::string& bytes() { return bytes_; }
  [[nodiscard]] std::string_view body() const { return std::string_view(bytes_).substr(body_); }
  void drop_body() { bytes_.resize(body_); }
  /// Drops the reply that `open` began.
  void abandon() { bytes_.resize(begin_); }
  /// Ends the reply: writes `head` directly before the body.
  void seal(std::string_view head) {
    assert(begin_ <= body_ && body_ <= bytes_.size());
    if (head.size() > body_ - begin_) {
      bytes_.insert(begin_, head.size() - (body_ - begin_), ' ');
      body_ = begin_ + head.size();
    }
    const std::size_t begin = body_ - head.size();
    head.copy(bytes_.data() + begin, head.size());
    segments_.push_back({begin, bytes_.size()});
  }
  /// Appends a complete reply.
  void append(std::string_view text) {
    const std::size_t begin = bytes_.size();
    bytes_ += text;
    segments_.push_back({begin, bytes_.size()});
  }

  /// A position between replies, to return to with `back_to`.
  struct Mark {
    std::size_t bytes;
    std::size_t segments;
  };
  [[nodiscard]] Mark mark() const { return {bytes_.size(), segments_.size()}; }
  void back_to(const Mark& mark) {
    bytes_.resize(mark.bytes);
    segments_.resize(mark.segments);
  }

  [[nodiscard]] bool empty() const { return segments_.empty(); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] std::size_t capacity() const { return bytes_.capacity(); }
  [[nodiscard]] const char* data() const { return bytes_.data(); }
  [[nodiscard]] std::vector<Segment>& segments() { return segments_; }
  void clear() {
    bytes_.clear();
    segments_.clear();
  }
  void release() {
    clear();
    bytes_.shrink_to_fit();
  }

 private:
  std::string bytes_;
  std::size_t begin_ = 0;
  std::size_t body_ = 0;
  std::vector<Segment> segments_;
};

}  // namespace stator::server
