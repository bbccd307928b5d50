#include "fuzz/budget.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace stator::fuzz {

std::int64_t thread_cpu_us() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1'000'000 + time.tv_nsec / 1000;
}

void report_slow(std::int64_t took_us, std::int64_t allowed_us, std::size_t input_bytes) {
  std::fprintf(stderr, "SLOW UNIT: %zu bytes take %lld us of processor time, allowed are %lld us\n", input_bytes,
               static_cast<long long>(took_us), static_cast<long long>(allowed_us));
  std::abort();  // libFuzzer saves the input
}

}  // namespace stator::fuzz
