#pragma once

#include <cstdint>
#include <istream>
#include <ostream>
#include <stdexcept>
#include <streambuf>
#include <string>
#include <string_view>
#include <vector>

/// Standard input, output and error as streams that throw when reading or writing fails.
namespace stator::cli {

/// Writing to standard output or error failed; `code` is errno. EPIPE means that the reader has ended, which is not
/// treated as an error.
struct OutputError : std::runtime_error {
  explicit OutputError(int error_code);
  int code;
};

/// Reading standard input failed: it is closed, or a directory.
struct InputError : std::runtime_error {
  explicit InputError(int error_code);
};

/// The width, in columns, of the terminal on that descriptor (by default standard output): COLUMNS, else the terminal's
/// own width, else 80.
std::size_t terminal_columns(int descriptor = 1);

/// The height in lines of the terminal on standard output, else 24.
std::size_t terminal_lines();

/// What to do when writing to a descriptor fails.
enum class WriteFault : std::uint8_t { kThrows, kIsIgnored };

/// A buffer over a file descriptor that it does not own. On a terminal it is flushed after every line, and DEL and the
/// control characters beyond ASCII, which this program never prints and some terminals interpret, are written as
/// escapes (\u009B, as in JSON). Reading throws Interrupted if an Interrupt has noted a signal.
class DescriptorBuffer : public std::streambuf {
 public:
  /// A stream that flushes after each output (std::unitbuf) must use kIsIgnored: the standard library flushes in a
  /// destructor, where an exception would end the program.
  DescriptorBuffer(int descriptor, std::size_t buffer_bytes, WriteFault fault = WriteFault::kThrows);
  [[nodiscard]] bool is_terminal() const { return is_terminal_; }

 protected:
  int_type underflow() override;
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* text, std::streamsize length) override;
  int sync() override;

 private:
  void write_out();
  void put(std::string_view text);
  /// Whether to repeat the call that set errno: after a signal, or when a descriptor that another program made
  /// non-blocking is ready again.
  [[nodiscard]] bool is_worth_repeating(short events) const;

  int descriptor_;
  WriteFault fault_;
  bool is_terminal_;
  std::vector<char> buffer_;
};

}  // namespace stator::cli
