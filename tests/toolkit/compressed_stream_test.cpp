#include "toolkit/compressed_stream.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zstd.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>

#include "support/temporary_directory.h"

namespace stator::toolkit {
namespace {

/// A text longer than all buffers and blocks, without repetitions.
std::string long_text() {
  std::string text;
  std::uint32_t number = 1;
  for (int i = 0; i < 60'000; ++i) text += std::to_string(number = number * 1'664'525 + 1'013'904'223) + "\n";
  return text;
}

/// One gzip member.
std::string gzip(const std::string& text) {
  std::ostringstream out;
  *gzip_into(out) << text;
  return out.str();
}

/// One zstd frame.
std::string zstd(const std::string& text) {
  std::string out(::ZSTD_compressBound(text.size()), '\0');
  out.resize(::ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 1));
  return out;
}

class CompressedStream : public ::testing::TestWithParam<const char*> {
 protected:
  static std::string compressed(const std::string& text) {
    return std::string(GetParam()) == ".gz" ? gzip(text) : zstd(text);
  }
  std::unique_ptr<std::istream> opened(const std::string& bytes) const {
    const std::string file = (directory_.path() / "file").string() + GetParam();
    std::ofstream(file, std::ios::binary) << bytes;
    return open_compressed(file);
  }
  static std::string rest_of(std::istream& in) { return {std::istreambuf_iterator<char>(in), {}}; }

  const TemporaryDirectory directory_;
};

TEST_P(CompressedStream, ReadsAllMembersOfAFile) {
  const std::string text = long_text();
  EXPECT_EQ(rest_of(*opened(compressed(text) + compressed("") + compressed("more"))), text + "more");
}

TEST_P(CompressedStream, TellsAndSeeksByTheTextInside) {
  const std::string text = long_text();
  const auto in = opened(compressed(text));
  for (const std::size_t position : {std::size_t{5}, text.size() / 2, std::size_t{0}, text.size() - 3, text.size()}) {
    ASSERT_TRUE(in->seekg(static_cast<std::streamoff>(position)));
    EXPECT_EQ(in->tellg(), std::streampos(static_cast<std::streamoff>(position)));
    EXPECT_EQ(rest_of(*in), text.substr(position));
  }
}

TEST_P(CompressedStream, ReadsUpToTheDamageAndSaysThatThereIsOne) {
  const std::string text = long_text();
  const std::string whole = compressed(text);
  for (const std::string& bytes :
       {whole.substr(0, whole.size() / 2), whole.substr(0, whole.size() - 1), whole + "not"}) {
    const auto in = opened(bytes);
    std::string read;
    EXPECT_THROW(
        {
          for (int c = 0; (c = in->rdbuf()->sbumpc()) != std::char_traits<char>::eof();) read += static_cast<char>(c);
        },
        DamagedFile);
    EXPECT_TRUE(text.starts_with(read));
    EXPECT_GT(read.size(), text.size() / 4);
  }
}

TEST_P(CompressedStream, ReadsAPipe) {
  const std::string pipe = (directory_.path() / "pipe").string() + GetParam();
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::string text = long_text();
  std::thread writer([&] { std::ofstream(pipe, std::ios::binary) << compressed(text); });
  EXPECT_EQ(rest_of(*open_compressed(pipe)), text);
  writer.join();
}

TEST_P(CompressedStream, RefusesWhatIsNotCompressedSo) {
  for (const char* bytes : {"", "{", "{\"pk\":1}"}) EXPECT_THROW(opened(bytes), std::runtime_error);
  EXPECT_THROW(open_compressed((directory_.path() / "none").string() + GetParam()), std::system_error);
}

INSTANTIATE_TEST_SUITE_P(Both, CompressedStream, ::testing::Values(".gz", ".zst"));

}  // namespace
}  // namespace stator::toolkit
