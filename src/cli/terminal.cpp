#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace stator::cli {

OutputError::OutputError(int error_code)
    : std::runtime_error(std::string("cannot write the output: ") + std::strerror(error_code)), code(error_code) {}

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

DescriptorBuffer::DescriptorBuffer(int descriptor, std::size_t buffer_bytes)
    : descriptor_(descriptor), is_terminal_(isatty(descriptor) == 1), buffer_(buffer_bytes) {
  setp(buffer_.data(), buffer_.data() + buffer_.size());
}

DescriptorBuffer::int_type DescriptorBuffer::underflow() {
  ssize_t got = 0;
  do {
    got = ::read(descriptor_, buffer_.data(), buffer_.size());
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return traits_type::eof();
  setg(buffer_.data(), buffer_.data(), buffer_.data() + got);
  return traits_type::to_int_type(*gptr());
}

void DescriptorBuffer::write_out() {
  const char* from = pbase();
  while (from < pptr()) {
    const ssize_t written = ::write(descriptor_, from, static_cast<std::size_t>(pptr() - from));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int code = errno;
      setp(buffer_.data(), buffer_.data() + buffer_.size());
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
  const std::streamsize written = std::streambuf::xsputn(text, length);
  if (is_terminal_ && std::memchr(text, '\n', static_cast<std::size_t>(length)) != nullptr) write_out();
  return written;
}

int DescriptorBuffer::sync() {
  write_out();
  return 0;
}

}  // namespace stator::cli
