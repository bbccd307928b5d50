#pragma once

#include "core/metrics.h"

namespace stator::server {

/// Processor time, memory and descriptors of this process, under the names that Prometheus' own client libraries give
/// them. What the system does not tell is left out.
void append_process_figures(core::MetricsText& out);

}  // namespace stator::server
