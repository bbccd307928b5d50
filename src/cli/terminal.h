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

/// Writing to standard output or error failed; `code` is errno. EPIPE means that the reader ended, which is no error.
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

/// The height, in lines, of the terminal that is standard output: its own, else 24.
std::size_t terminal_lines();

/// What happens where a descriptor cannot be written to.
enum class WriteFault : std::uint8_t { kThrows, kIsIgnored };

/// A buffer over a file descriptor that it does not own. On a terminal it is flushed after every line, and DEL and the
/// control characters beyond ASCII, which nothing of ours is and some terminals act on, are escapes (\u009B, as JSON
/// has them). Reading throws Interrupted where a signal came that an Interrupt notes.
class DescriptorBuffer : public std::streambuf {
 public:
  /// Faults must be ignored for a stream that flushes itself after each output (std::unitbuf): the standard library
  /// does that in a destructor, from where an exception would end the program.
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
  /// Whether the call that set errno is to be made again: after a signal, or when a descriptor that another program
  /// made non-blocking is ready.
  [[nodiscard]] bool is_worth_repeating(short events) const;

  int descriptor_;
  WriteFault fault_;
  bool is_terminal_;
  std::vector<char> buffer_;
};

}  // namespace stator::cli
