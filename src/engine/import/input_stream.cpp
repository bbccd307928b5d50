#include "engine/import/input_stream.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <vector>

namespace stator::engine {
namespace {

constexpr std::size_t kBufferBytes = 64 << 10;
/// inflateInit2's windowBits: a window of 32 KB, and gzip's header and trailer.
constexpr int kGzipWindow = 15 + 16;

/// A buffer of bytes of the object that were not consumed yet.
class RawBytes {
 public:
  explicit RawBytes(std::unique_ptr<BucketReader> object) : object_(std::move(object)) {}

  /// Reads more bytes if the buffer is empty; false at the end.
  bool fill() {
    if (at_ < end_) return true;
    at_ = 0;
    end_ = object_->read(buffer_.data(), buffer_.size());
    bytes_read_ += end_;
    return end_ > 0;
  }
  [[nodiscard]] char* data() { return buffer_.data() + at_; }
  [[nodiscard]] std::size_t size() const { return end_ - at_; }
  void take(std::size_t count) { at_ += count; }
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  std::unique_ptr<BucketReader> object_;
  std::vector<char> buffer_ = std::vector<char>(kBufferBytes);
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace

struct InputStream::Impl {
  explicit Impl(std::unique_ptr<BucketReader> object) : raw(std::move(object)) {}
  virtual ~Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  /// Writes decompressed text to `buffer`; returns its length, 0 at the end.
  virtual std::size_t next(char* buffer, std::size_t capacity) = 0;

  RawBytes raw;
  std::vector<char> text = std::vector<char>(kBufferBytes);
  /// The part [at, end) of `text` was not consumed yet.
  std::size_t at = 0;
  std::size_t end = 0;

  bool fill() {
    if (at < end) return true;
    at = 0;
    end = next(text.data(), text.size());
    return end > 0;
  }

  struct Plain;
  struct Gzip;
  struct Zstd;
};

struct InputStream::Impl::Plain final : Impl {
  using Impl::Impl;
  std::size_t next(char* buffer, std::size_t capacity) override {
    if (!raw.fill()) return 0;
    const std::size_t count = std::min(capacity, raw.size());
    std::copy_n(raw.data(), count, buffer);
    raw.take(count);
    return count;
  }
};

struct InputStream::Impl::Gzip final : Impl {
  explicit Gzip(std::unique_ptr<BucketReader> object) : Impl(std::move(object)) {
    if (::inflateInit2(&stream, kGzipWindow) != Z_OK) throw std::bad_alloc();
  }
  ~Gzip() override { ::inflateEnd(&stream); }

  std::size_t next(char* buffer, std::size_t capacity) override {
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = static_cast<uInt>(capacity);
    while (stream.avail_out == capacity) {
      if (!raw.fill()) {
        if (in_member) throw InputError("the gzip data is cut off");
        return 0;
      }
      in_member = true;
      stream.next_in = reinterpret_cast<Bytef*>(raw.data());
      stream.avail_in = static_cast<uInt>(raw.size());
      const int result = ::inflate(&stream, Z_NO_FLUSH);
      raw.take(raw.size() - stream.avail_in);
      if (result == Z_STREAM_END) {
        in_member = false;
        ::inflateReset(&stream);
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        throw InputError(std::string("this is not gzip data: ") + (stream.msg != nullptr ? stream.msg : "damaged"));
      }
    }
    return capacity - stream.avail_out;
  }

  z_stream stream{};
  bool in_member = false;
};

struct InputStream::Impl::Zstd final : Impl {
  explicit Zstd(std::unique_ptr<BucketReader> object) : Impl(std::move(object)), stream(::ZSTD_createDStream()) {
    if (stream == nullptr) throw std::bad_alloc();
  }
  ~Zstd() override { ::ZSTD_freeDStream(stream); }

  std::size_t next(char* buffer, std::size_t capacity) override {
    ZSTD_outBuffer out{buffer, capacity, 0};
    while (out.pos == 0) {
      if (!raw.fill() && !pending) {
        if (in_frame) throw InputError("the zstd data is cut off");
        return 0;
      }
      ZSTD_inBuffer in{raw.data(), raw.size(), 0};
      const std::size_t result = ::ZSTD_decompressStream(stream, &out, &in);
      raw.take(in.pos);
      if (::ZSTD_isError(result) != 0) {
        throw InputError(std::string("this is not zstd data: ") + ::ZSTD_getErrorName(result));
      }
      in_frame = result != 0;
      pending = in_frame && out.pos == out.size;
    }
    return out.pos;
  }

  ZSTD_DStream* stream;
  bool in_frame = false;
  /// Whether the decompressor may hold more text, which did not fit into the last buffer.
  bool pending = false;
};

InputStream::InputStream(std::unique_ptr<BucketReader> object, Compression compression) {
  switch (compression) {
    case Compression::kNone:
      impl_ = std::make_unique<Impl::Plain>(std::move(object));
      break;
    case Compression::kGzip:
      impl_ = std::make_unique<Impl::Gzip>(std::move(object));
      break;
    case Compression::kZstd:
      impl_ = std::make_unique<Impl::Zstd>(std::move(object));
      break;
  }
}

InputStream::~InputStream() = default;

bool InputStream::append_to(std::string& text) {
  if (!impl_->fill()) return false;
  text.append(impl_->text.data() + impl_->at, impl_->end - impl_->at);
  impl_->at = impl_->end;
  return true;
}

void InputStream::skip(std::uint64_t bytes) {
  while (bytes > 0 && impl_->fill()) {
    const std::uint64_t count = std::min<std::uint64_t>(bytes, impl_->end - impl_->at);
    impl_->at += count;
    bytes -= count;
  }
}

std::uint64_t InputStream::bytes_read() const { return impl_->raw.bytes_read(); }

}  // namespace stator::engine
