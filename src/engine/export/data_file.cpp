#include "engine/export/data_file.h"

#include <fcntl.h>
#include <md5.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "core/base64.h"
#include "engine/export/bucket.h"

namespace stator::engine {
namespace {

constexpr std::size_t kBufferBytes = 64 << 10;
/// zlib's window of 32 KB, with gzip's head and tail.
constexpr int kGzipWindow = 15 + 16;
constexpr int kMemoryLevel = 8;

using Digest = std::array<unsigned char, MD5_DIGEST_LENGTH>;

std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string base64_of(const Digest& digest) { return core::base64_encode(bytes_of(digest)); }

std::string hex_of(const Digest& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : digest) {
    text.push_back(kDigits[byte >> 4U]);
    text.push_back(kDigits[byte & 0xFU]);
  }
  return text;
}

}  // namespace

std::string md5_base64(std::string_view bytes) {
  MD5_CTX context;
  MD5Init(&context);
  MD5Update(&context, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  Digest digest{};
  MD5Final(digest.data(), &context);
  return base64_of(digest);
}

struct DataFile::Impl {
  std::filesystem::path path;
  int fd = -1;
  z_stream stream{};
  MD5_CTX md5{};
  std::uint64_t written_bytes = 0;
  std::vector<unsigned char> buffer = std::vector<unsigned char>(kBufferBytes);

  [[noreturn]] void fail(const std::string& why) const {
    throw BucketError("S3AccessDenied", path.string() + " cannot be written: " + why);
  }

  void write(const unsigned char* bytes, std::size_t count) {
    MD5Update(&md5, bytes, count);
    while (count > 0) {
      const ssize_t written = ::write(fd, bytes, count);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail(std::strerror(errno));
      bytes += written;
      count -= static_cast<std::size_t>(written);
    }
  }

  void compress(std::string_view bytes, int flush) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib does not write to it
    stream.avail_in = static_cast<uInt>(bytes.size());
    for (;;) {
      stream.next_out = buffer.data();
      stream.avail_out = static_cast<uInt>(buffer.size());
      const int result = ::deflate(&stream, flush);
      if (result == Z_STREAM_ERROR) fail("it cannot be compressed");
      write(buffer.data(), buffer.size() - stream.avail_out);
      if (flush == Z_FINISH ? result == Z_STREAM_END : stream.avail_out > 0) return;
    }
  }
};

DataFile::DataFile(const std::filesystem::path& path) : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  impl_->fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (impl_->fd < 0) impl_->fail(std::strerror(errno));
  MD5Init(&impl_->md5);
  if (::deflateInit2(&impl_->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemoryLevel,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
    ::close(impl_->fd);
    impl_->fail("there is no memory to compress it");
  }
}

DataFile::~DataFile() {
  ::deflateEnd(&impl_->stream);
  if (impl_->fd >= 0) ::close(impl_->fd);
}

void DataFile::append(std::string_view line) {
  impl_->written_bytes += line.size();
  impl_->compress(line, Z_NO_FLUSH);
}

std::uint64_t DataFile::written_bytes() const { return impl_->written_bytes; }

DataFile::Sums DataFile::finish() {
  impl_->compress({}, Z_FINISH);
  const bool synced = ::fsync(impl_->fd) == 0;
  const bool closed = ::close(impl_->fd) == 0;
  impl_->fd = -1;
  if (!synced || !closed) impl_->fail(std::strerror(errno));
  Digest digest{};
  MD5Final(digest.data(), &impl_->md5);
  return {.md5_base64 = base64_of(digest), .etag = hex_of(digest) + "-1"};
}

}  // namespace stator::engine
