#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace stator::server {

/// How long a thread of this process has been ready to run without a processor, in all (Linux's schedstat). Nothing
/// where the system does not say.
std::optional<std::uint64_t> run_queue_ns(pid_t thread);

}  // namespace stator::server
