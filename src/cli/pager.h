#pragma once

#include <sys/types.h>

#include "cli/command.h"

namespace stator::cli {

/// Sends standard output through a pager for as long as it lives, as git and gh do: on a terminal only, by
/// STATOR_PAGER, PAGER or `less` (which by default leaves at once where all fits), not where that is empty or `cat`,
/// nor with
/// --no-pager.
class Pager {
 public:
  explicit Pager(const Session& session);
  ~Pager();
  Pager(const Pager&) = delete;
  Pager& operator=(const Pager&) = delete;

 private:
  const Session& session_;
  pid_t process_ = -1;
  int terminal_ = -1;
};

}  // namespace stator::cli
