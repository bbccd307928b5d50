#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace stator::server {

/// The total time, in nanoseconds, that a thread of this process was ready to run but waited for a processor (Linux's
/// schedstat); nullopt if the system does not provide it.
std::optional<std::uint64_t> run_queue_ns(pid_t thread);

}  // namespace stator::server
