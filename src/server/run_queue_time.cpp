#include "server/run_queue_time.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string_view>

namespace stator::server {

std::optional<std::uint64_t> run_queue_ns(pid_t thread) {
  std::array<char, 64> path{};
  fmt::format_to_n(path.data(), path.size() - 1, "/proc/self/task/{}/schedstat", thread);
  const int file = ::open(path.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  std::array<char, 96> content{};
  const ssize_t size = ::read(file, content.data(), content.size());
  ::close(file);
  if (size <= 0) return std::nullopt;
  // Time on a processor, time waiting for one, number of time slices.
  std::string_view text(content.data(), static_cast<std::size_t>(size));
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  text.remove_prefix(blank + 1);
  std::uint64_t waited = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), waited);
  if (error != std::errc()) return std::nullopt;
  return waited;
}

}  // namespace stator::server
