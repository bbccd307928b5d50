#pragma once

#include <sys/types.h>

#include "cli/command.h"

namespace stator::cli {

/// Sends standard output through a pager while it lives, as git and gh do. Only on a terminal, and not with --no-pager.
/// The pager is STATOR_PAGER, else PAGER, else `less` (which ends at once where the text fits the screen); none where
/// that is empty or `cat`.
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
