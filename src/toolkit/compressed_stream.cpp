#include "toolkit/compressed_stream.h"

#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <streambuf>
#include <string_view>
#include <system_error>
#include <vector>

#include "engine/import/input_stream.h"

namespace stator::toolkit {
namespace {

constexpr std::size_t kBufferBytes = 128 * 1024;

struct Ending {
  std::string_view ending;
  engine::Compression compression;
  /// The first bytes of every such file.
  std::string_view sign;
  const char* name;
};
constexpr std::array kEndings = {
    Ending{".gz", engine::Compression::kGzip, "\x1F\x8B", "gzip"},
    Ending{".zst", engine::Compression::kZstd, "\x28\xB5\x2F\xFD", "zstd"},
};

const Ending* ending_of(std::string_view file) {
  for (const Ending& each : kEndings) {
    if (file.ends_with(each.ending)) return &each;
  }
  return nullptr;
}

class FileReader final : public engine::BucketReader {
 public:
  explicit FileReader(const std::string& file) {
    if (file_.open(file, std::ios::in | std::ios::binary) == nullptr)
      throw std::system_error(errno, std::generic_category(), "cannot read " + file);
  }
  /// Returns the first bytes; `read` returns them again, because a pipe cannot be reopened. Call this before `read`.
  std::string_view begin(std::size_t bytes) {
    begin_.resize(bytes);
    begin_.resize(static_cast<std::size_t>(file_.sgetn(begin_.data(), static_cast<std::streamsize>(bytes))));
    return begin_;
  }
  std::size_t read(char* buffer, std::size_t capacity) override {
    if (begun_ < begin_.size()) {
      const std::size_t bytes = begin_.copy(buffer, capacity, begun_);
      begun_ += bytes;
      return bytes;
    }
    return static_cast<std::size_t>(file_.sgetn(buffer, static_cast<std::streamsize>(capacity)));
  }

 private:
  std::filebuf file_;
  std::string begin_;
  std::size_t begun_ = 0;  // how many of them `read` has returned
};

class CompressedReader : public std::streambuf {
 public:
  explicit CompressedReader(const std::string& file) : file_(file), ending_(*ending_of(file)) { open(); }
  CompressedReader(const CompressedReader&) = delete;
  CompressedReader& operator=(const CompressedReader&) = delete;

 protected:
  int_type underflow() override {
    text_.clear();
    try {
      if (!stream_->append_to(text_)) return traits_type::eof();
    } catch (const engine::InputError& error) {
      throw DamagedFile(std::string("the compressed file is damaged: ") + error.what());
    }
    read_ += static_cast<off_type>(text_.size());
    setg(text_.data(), text_.data(), text_.data() + text_.size());
    return traits_type::to_int_type(*gptr());
  }

  pos_type seekoff(off_type offset, std::ios_base::seekdir from, std::ios_base::openmode) override {
    if (from == std::ios_base::cur && offset == 0) return read_ - (egptr() - gptr());
    return from == std::ios_base::beg ? seekpos(offset, std::ios_base::in) : pos_type(off_type(-1));
  }

  pos_type seekpos(pos_type position, std::ios_base::openmode) override {
    open();
    stream_->skip(static_cast<std::uint64_t>(off_type(position)));
    read_ = position;
    return position;
  }

 private:
  void open() {
    auto reader = std::make_unique<FileReader>(file_);
    if (reader->begin(ending_.sign.size()) != ending_.sign)
      throw std::runtime_error(file_ + " is not compressed with " + ending_.name + ", although its name says so");
    stream_ = std::make_unique<engine::InputStream>(std::move(reader), ending_.compression);
    setg(nullptr, nullptr, nullptr);
    read_ = 0;
  }

  const std::string file_;
  const Ending& ending_;
  std::unique_ptr<engine::InputStream> stream_;
  std::string text_;
  off_type read_ = 0;  // text handed out
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
    // If nothing was written, make a valid empty file.
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
  /// Ends the member, so that everything written can be read, and more can be appended.
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

bool is_compressed_name(const std::string& file) { return ending_of(file) != nullptr; }

bool is_gzip_name(const std::string& file) {
  const Ending* const ending = ending_of(file);
  return ending != nullptr && ending->compression == engine::Compression::kGzip;
}

std::string without_compressed_ending(const std::string& file) {
  const Ending* const ending = ending_of(file);
  return ending == nullptr ? file : file.substr(0, file.size() - ending->ending.size());
}

std::unique_ptr<std::istream> open_compressed(const std::string& file) {
  return std::make_unique<Owning<std::istream, CompressedReader>>(file);
}

std::unique_ptr<std::ostream> gzip_into(std::ostream& out) {
  return std::make_unique<Owning<std::ostream, GzipWriter>>(out);
}

}  // namespace stator::toolkit
