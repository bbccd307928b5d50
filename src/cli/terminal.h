#pragma once

#include <istream>
#include <ostream>
#include <stdexcept>
#include <streambuf>
#include <string>
#include <vector>

/// Standard input, output and error as streams that throw when writing fails.
namespace stator::cli {

/// Writing to standard output or error failed; `code` is errno. EPIPE means that the reader ended, which is no error.
struct OutputError : std::runtime_error {
  explicit OutputError(int error_code);
  int code;
};

/// The width, in columns, of the terminal on that descriptor (by default standard output): COLUMNS, else the terminal's
/// own width, else 80.
std::size_t terminal_columns(int descriptor = 1);

/// A buffer over a file descriptor that it does not own. On a terminal it is flushed after every line.
class DescriptorBuffer : public std::streambuf {
 public:
  DescriptorBuffer(int descriptor, std::size_t buffer_bytes);
  [[nodiscard]] bool is_terminal() const { return is_terminal_; }

 protected:
  int_type underflow() override;
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* text, std::streamsize length) override;
  int sync() override;

 private:
  void write_out();

  int descriptor_;
  bool is_terminal_;
  std::vector<char> buffer_;
};

}  // namespace stator::cli
