#pragma once

#include "core/metrics.h"

namespace stator::server {

/// Appends processor time, memory and descriptors of this process, under the names that Prometheus' own client
/// libraries use. Figures that the system does not provide are left out.
void append_process_figures(core::MetricsText& out);

}  // namespace stator::server
