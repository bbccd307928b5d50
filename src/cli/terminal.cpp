#include "cli/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "cli/interrupt.h"
#include "core/hexadecimal.h"
#include "core/utf8.h"
#include "toolkit/text_table.h"

namespace stator::cli {

OutputError::OutputError(int error_code)
    : std::runtime_error(std::string("cannot write the output: ") + std::strerror(error_code)), code(error_code) {}

InputError::InputError(int error_code)
    : std::runtime_error(std::string("cannot read standard input: ") + std::strerror(error_code)) {}

std::size_t terminal_columns(int descriptor) {
  constexpr std::size_t kUsual = 80;
  if (const char* text = std::getenv("COLUMNS"); text != nullptr) {
    const unsigned long columns = std::strtoul(text, nullptr, 10);
    if (columns > 0) return columns;
  }
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return kUsual;
}

std::size_t terminal_lines() {
  constexpr std::size_t kUsual = 24;
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : kUsual;
}

DescriptorBuffer::DescriptorBuffer(int descriptor, std::size_t buffer_bytes, WriteFault fault)
    : descriptor_(descriptor), fault_(fault), is_terminal_(isatty(descriptor) == 1), buffer_(buffer_bytes) {
  setp(buffer_.data(), buffer_.data() + buffer_.size());
}

DescriptorBuffer::int_type DescriptorBuffer::underflow() {
  ssize_t got = 0;
  while ((got = ::read(descriptor_, buffer_.data(), buffer_.size())) < 0) {
    const int code = errno;
    Interrupt::check();
    errno = code;
    if (!is_worth_repeating(POLLIN)) throw InputError(code);
  }
  if (got == 0) return traits_type::eof();
  setg(buffer_.data(), buffer_.data(), buffer_.data() + got);
  return traits_type::to_int_type(*gptr());
}

bool DescriptorBuffer::is_worth_repeating(short events) const {
  if (errno == EINTR) return true;
  if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
  pollfd waiting{.fd = descriptor_, .events = events, .revents = 0};
  return ::poll(&waiting, 1, -1) > 0 || errno == EINTR;
}

void DescriptorBuffer::write_out() {
  const char* from = pbase();
  while (from < pptr()) {
    const ssize_t written = ::write(descriptor_, from, static_cast<std::size_t>(pptr() - from));
    if (written < 0) {
      const int code = errno;
      if (is_worth_repeating(POLLOUT)) continue;
      setp(buffer_.data(), buffer_.data() + buffer_.size());
      if (fault_ == WriteFault::kIsIgnored) return;
      throw OutputError(code);
    }
    from += written;
  }
  setp(buffer_.data(), buffer_.data() + buffer_.size());
}

DescriptorBuffer::int_type DescriptorBuffer::overflow(int_type c) {
  write_out();
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  return sputc(traits_type::to_char_type(c));
}

std::streamsize DescriptorBuffer::xsputn(const char* text, std::streamsize length) {
  if (!is_terminal_) return std::streambuf::xsputn(text, length);
  put({text, static_cast<std::size_t>(length)});
  if (std::memchr(text, '\n', static_cast<std::size_t>(length)) != nullptr) write_out();
  return length;
}

void DescriptorBuffer::put(std::string_view text) {
  // ASCII control characters come from this program: line ends, colours.
  constexpr unsigned char kDelete = 0x7F;
  std::size_t done = 0;
  const auto write = [this](std::string_view piece) {
    std::streambuf::xsputn(piece.data(), static_cast<std::streamsize>(piece.size()));
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    if (static_cast<unsigned char>(text[at]) < kDelete) {
      ++at;
      continue;
    }
    const char32_t c = core::next_code_point(text, at);
    if (!toolkit::is_control_character(c)) continue;
    std::string escape = "\\u";
    core::append_hexadecimal(static_cast<std::uint16_t>(c), escape, core::kHexadecimalCapitals);
    write(text.substr(done, begin - done));
    write(escape);
    done = at;
  }
  write(text.substr(done));
}

int DescriptorBuffer::sync() {
  write_out();
  return 0;
}

}  // namespace stator::cli
