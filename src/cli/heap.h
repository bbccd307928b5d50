#pragma once

namespace stator::cli {

/// Configures the C library's heap for a long-running server, so that it holds little more memory than is in use. To be
/// called before threads are started.
void prepare_heap();

}  // namespace stator::cli
