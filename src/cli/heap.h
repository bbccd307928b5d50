#pragma once

namespace stator::cli {

/// What a process that serves for long asks of the C library's heap, so that it holds little more than what is in use.
/// To be called before its threads begin.
void prepare_heap();

}  // namespace stator::cli
