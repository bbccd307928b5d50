#pragma once

#include <stdexcept>

namespace stator::toolkit {

/// A word that cannot be parsed. The message is one line for the user.
struct WordError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace stator::toolkit
