#pragma once

#include <cstddef>
#include <cstdint>

namespace stator::fuzz {

/// The limit of an input's cost, in processor time of the calling thread, so that a busy machine does not matter.
struct Bound {
  std::int64_t base_us;
  std::int64_t ns_per_byte;
};

/// Runs `work` (which must be repeatable); aborts the program if it takes longer than the bound three times.
template <class Work>
void within(const Bound& bound, std::size_t input_bytes, Work work);

std::int64_t thread_cpu_us();
[[noreturn]] void report_slow(std::int64_t took_us, std::int64_t allowed_us, std::size_t input_bytes);

template <class Work>
void within(const Bound& bound, std::size_t input_bytes, Work work) {
  constexpr int kAttempts = 3;
  const std::int64_t allowed_us = bound.base_us + bound.ns_per_byte * static_cast<std::int64_t>(input_bytes) / 1000;
  std::int64_t took_us = 0;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const std::int64_t began_us = thread_cpu_us();
    work();
    took_us = thread_cpu_us() - began_us;
    if (took_us <= allowed_us) return;
  }
  report_slow(took_us, allowed_us, input_bytes);
}

}  // namespace stator::fuzz
