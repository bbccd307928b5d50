/// Measures the time from the start of a server's process to its first answer.
///
///     first_answer PORT COMMAND [ARGUMENT…]
///
/// COMMAND serves HTTP on 127.0.0.1:PORT. Prints milliseconds, and ends the server. Written in C++ because Python's
/// start of a process, its pauses between attempts and its HTTP client take about as long as a quick server does.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kLimit = std::chrono::seconds(60);
constexpr auto kPause = std::chrono::microseconds(20);
constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "first_answer: %s\n", what);
  std::exit(1);
}

pid_t start(char** command) {
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t process = 0;
  if (posix_spawnp(&process, command[0], &actions, nullptr, command, environ) != 0) fail("the command does not start");
  return process;
}

bool answers(int port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  if (descriptor < 0) fail("no socket");
  const timeval wait{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  char byte = 0;
  const bool answered = ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                        ::send(descriptor, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) > 0 &&
                        ::recv(descriptor, &byte, 1, 0) == 1;
  ::close(descriptor);
  return answered;
}

}  // namespace

int main(int count, char** words) {
  if (count < 3) fail("give PORT COMMAND [ARGUMENT…]");
  const int port = std::atoi(words[1]);
  const auto began = Clock::now();
  const pid_t process = start(words + 2);
  while (!answers(port)) {
    if (::waitpid(process, nullptr, WNOHANG) == process) fail("the server ended");
    if (Clock::now() - began > kLimit) {
      ::kill(process, SIGKILL);
      fail("the server does not answer");
    }
    std::this_thread::sleep_for(kPause);
  }
  const std::chrono::duration<double, std::milli> took = Clock::now() - began;
  ::kill(process, SIGTERM);
  ::waitpid(process, nullptr, 0);
  std::printf("%.2f\n", took.count());
}
