#pragma once

#include <istream>
#include <ostream>
#include <stdexcept>
#include <streambuf>
#include <string>
#include <vector>

/// Standard input, output and error as streams that tell when writing fails.
namespace stator::cli {

/// Writing to standard output or error failed; `code` is errno. EPIPE means that the reader left, which is no fault.
struct OutputError : std::runtime_error {
  explicit OutputError(int error_code);
  int code;
};

/// How many columns the terminal on that descriptor (standard output) has: COLUMNS, else what the terminal says, else
/// 80.
std::size_t terminal_columns(int descriptor = 1);

/// A buffer over a file descriptor that it does not own. A terminal gets every line at once.
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
