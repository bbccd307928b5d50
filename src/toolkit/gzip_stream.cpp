#include "toolkit/gzip_stream.h"

#include <zlib.h>

#include <cstdint>
#include <stdexcept>
#include <streambuf>
#include <vector>

namespace stator::toolkit {
namespace {

constexpr std::size_t kBufferBytes = 128 * 1024;

class GzipReader : public std::streambuf {
 public:
  explicit GzipReader(const std::string& file) : file_(gzopen(file.c_str(), "rb")), buffer_(kBufferBytes) {
    if (file_ == nullptr) throw std::runtime_error("cannot read " + file);
    gzbuffer(file_, kBufferBytes);
    if (gzdirect(file_) == 0) return;
    gzclose(file_);
    throw std::runtime_error(file + " is not compressed with gzip, as its name says");
  }
  ~GzipReader() override { gzclose(file_); }
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

 protected:
  int_type underflow() override {
    const int got = gzread(file_, buffer_.data(), static_cast<unsigned>(buffer_.size()));
    int error = Z_OK;
    // zlib reads a truncated file up to its end and reports that only here.
    const char* text = gzerror(file_, &error);
    if (got < 0 || (got == 0 && error != Z_OK && error != Z_STREAM_END))
      throw std::runtime_error(std::string("the compressed file is damaged: ") + text);
    if (got == 0) return traits_type::eof();
    read_ += got;
    setg(buffer_.data(), buffer_.data(), buffer_.data() + got);
    return traits_type::to_int_type(*gptr());
  }

  pos_type seekoff(off_type offset, std::ios_base::seekdir from, std::ios_base::openmode) override {
    if (from == std::ios_base::cur && offset == 0) return read_ - (egptr() - gptr());
    return from == std::ios_base::beg ? seekpos(offset, std::ios_base::in) : pos_type(off_type(-1));
  }

  pos_type seekpos(pos_type position, std::ios_base::openmode) override {
    if (gzseek(file_, position, SEEK_SET) != position) return pos_type(off_type(-1));
    read_ = position;
    setg(nullptr, nullptr, nullptr);
    return position;
  }

 private:
  gzFile file_;
  std::vector<char> buffer_;
  off_type read_ = 0;  // text handed out by zlib
};

class GzipWriter : public std::streambuf {
 public:
  explicit GzipWriter(std::ostream& out) : out_(out), buffer_(kBufferBytes), compressed_(kBufferBytes) {
    constexpr int kGzipWindow = 15 + 16;
    constexpr int kMemory = 8;
    if (deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::runtime_error("cannot compress: out of memory");
    setp(buffer_.data(), buffer_.data() + buffer_.size());
  }
  ~GzipWriter() override {
    // Of nothing at all, a file with nothing in it.
    if (stream_.total_in > 0 || pptr() > pbase() || members_ == 0) compress(Z_FINISH);
    deflateEnd(&stream_);
  }
  GzipWriter(const GzipWriter&) = delete;
  GzipWriter& operator=(const GzipWriter&) = delete;

 protected:
  int_type overflow(int_type c) override {
    compress(Z_NO_FLUSH);
    if (!out_) return traits_type::eof();
    return traits_type::eq_int_type(c, traits_type::eof()) ? traits_type::not_eof(c)
                                                           : sputc(traits_type::to_char_type(c));
  }
  /// Ends the member, so that all that was written can be read, and more can be appended to it.
  int sync() override {
    if (stream_.total_in > 0 || pptr() > pbase()) {
      compress(Z_FINISH);
      deflateReset(&stream_);
      ++members_;
    }
    return out_ ? 0 : -1;
  }

 private:
  void compress(int how) {
    stream_.next_in = reinterpret_cast<Bytef*>(pbase());
    stream_.avail_in = static_cast<uInt>(pptr() - pbase());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(compressed_.data());
      stream_.avail_out = static_cast<uInt>(compressed_.size());
      deflate(&stream_, how);
      out_.write(compressed_.data(), static_cast<std::streamsize>(compressed_.size() - stream_.avail_out));
    } while (stream_.avail_out == 0);
    setp(buffer_.data(), buffer_.data() + buffer_.size());
  }

  std::ostream& out_;
  z_stream stream_{};
  std::uint64_t members_ = 0;
  std::vector<char> buffer_;
  std::vector<char> compressed_;
};

/// A stream that owns its buffer.
template <class Stream, class Buffer>
class Owning : public Stream {
 public:
  template <class Source>
  explicit Owning(Source& source) : Stream(nullptr), buffer_(source) {
    this->rdbuf(&buffer_);
  }

 private:
  Buffer buffer_;
};

}  // namespace

std::unique_ptr<std::istream> open_gzip(const std::string& file) {
  return std::make_unique<Owning<std::istream, GzipReader>>(file);
}

std::unique_ptr<std::ostream> gzip_into(std::ostream& out) {
  return std::make_unique<Owning<std::ostream, GzipWriter>>(out);
}

}  // namespace stator::toolkit
