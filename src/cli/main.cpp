#include <filesystem>

#include "cli/command.h"
#include "cli/terminal.h"
#include "core/signals.h"
#include "core/standard_descriptors.h"

namespace {

constexpr std::size_t kOutputBufferBytes = 64 * 1024;
constexpr std::size_t kSmallBufferBytes = 4 * 1024;

std::string program_directory() {
  std::error_code fault;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", fault);
  return fault ? std::string() : program.parent_path().string();
}

}  // namespace

int main(int argc, char** argv) {
  using namespace stator::cli;
  stator::core::occupy_standard_descriptors();
  // If a write fails, the process goes on, so that the database is closed cleanly.
  stator::core::ignore_signals_of_writes();
  DescriptorBuffer in_buffer(0, kSmallBufferBytes);
  DescriptorBuffer out_buffer(1, kOutputBufferBytes);
  // If writing to standard error fails, there is nowhere to report it.
  DescriptorBuffer err_buffer(2, kSmallBufferBytes, WriteFault::kIsIgnored);
  std::istream in(&in_buffer);
  in.exceptions(std::ios::badbit);
  std::ostream out(&out_buffer);
  std::ostream err(&err_buffer);
  out.exceptions(std::ios::badbit);
  err << std::unitbuf;
  Session session;
  session.in = &in;
  session.out = &out;
  session.err = &err;
  session.in_is_terminal = in_buffer.is_terminal();
  session.out_is_terminal = out_buffer.is_terminal();
  session.err_is_terminal = err_buffer.is_terminal();
  session.columns = session.out_is_terminal ? terminal_columns() : 0;
  session.pages = true;
  session.program_directory = program_directory();
  return run(argc, argv, session);
}
