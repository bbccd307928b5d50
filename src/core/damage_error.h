#pragma once

#include <stdexcept>

namespace stator::core {

/// Stored bytes are not what was written: a checksum fails, a value or key cannot be read, an index entry has no item.
/// `what()` is one line for the log and may name tables and formats; replies do not contain it. Only requests that need
/// the damaged bytes fail.
struct DamageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace stator::core
