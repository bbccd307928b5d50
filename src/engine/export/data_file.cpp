#include "engine/export/data_file.h"

#include <md5.h>
#include <zlib.h>

#include <array>
#include <vector>

#include "core/base64.h"
#include "core/hexadecimal.h"

namespace stator::engine {
namespace {

constexpr std::size_t kBufferBytes = 64 << 10;
/// deflateInit2's windowBits: a window of 32 KB, and gzip's header and trailer.
constexpr int kGzipWindow = 15 + 16;
constexpr int kMemoryLevel = 8;

using Digest = std::array<unsigned char, MD5_DIGEST_LENGTH>;

std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string base64_of(const Digest& digest) { return core::base64_encode(bytes_of(digest)); }

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
  std::unique_ptr<BucketWriter> object;
  z_stream stream{};
  MD5_CTX md5{};
  std::uint64_t written_bytes = 0;
  std::vector<unsigned char> buffer = std::vector<unsigned char>(kBufferBytes);

  void write(const unsigned char* bytes, std::size_t count) {
    MD5Update(&md5, bytes, count);
    object->write({reinterpret_cast<const char*>(bytes), count});
  }

  void compress(std::string_view bytes, int flush) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib does not write to it
    stream.avail_in = static_cast<uInt>(bytes.size());
    for (;;) {
      stream.next_out = buffer.data();
      stream.avail_out = static_cast<uInt>(buffer.size());
      const int result = ::deflate(&stream, flush);
      if (result == Z_STREAM_ERROR) throw BucketError("UNKNOWN", "the data cannot be compressed");
      write(buffer.data(), buffer.size() - stream.avail_out);
      if (flush == Z_FINISH ? result == Z_STREAM_END : stream.avail_out > 0) return;
    }
  }
};

DataFile::DataFile(std::unique_ptr<BucketWriter> object) : impl_(std::make_unique<Impl>()) {
  impl_->object = std::move(object);
  MD5Init(&impl_->md5);
  if (::deflateInit2(&impl_->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemoryLevel,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
    throw BucketError("UNKNOWN", "there is no memory to compress the data");
  }
}

DataFile::~DataFile() { ::deflateEnd(&impl_->stream); }

void DataFile::append(std::string_view line) {
  impl_->written_bytes += line.size();
  impl_->compress(line, Z_NO_FLUSH);
}

std::uint64_t DataFile::written_bytes() const { return impl_->written_bytes; }

DataFile::Sums DataFile::finish() {
  impl_->compress({}, Z_FINISH);
  impl_->object->finish();
  Digest digest{};
  MD5Final(digest.data(), &impl_->md5);
  return {.md5_base64 = base64_of(digest), .etag = core::hexadecimal(bytes_of(digest)) + "-1"};
}

}  // namespace stator::engine
