#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "postgres/connection.h"

namespace stator::postgres {

/// An advisory lock, for the life of this object: commands that change the same thing wait for each other. It is the
/// session's, so it ends with a cut connection too.
class WorkLock {
 public:
  /// How long to wait for another command before giving up.
  static constexpr std::chrono::seconds kPatience{60};

  /// What stands in the connection's database: migrations, schema and seed take turns.
  /// Throws Error (kTimeout) "another command has been at work on database NAME for 60 seconds".
  static WorkLock on_contents(Connection& connection, std::chrono::seconds patience = kPatience);
  /// The database of that name itself, whether it exists or not: those who make or drop it take turns. They must all
  /// be connected to the same maintenance database, since the locks of one database do not count in another.
  static WorkLock on_database(Connection& maintenance, std::string_view name,
                              std::chrono::seconds patience = kPatience);

  WorkLock(const WorkLock&) = delete;
  WorkLock& operator=(const WorkLock&) = delete;
  ~WorkLock();

 private:
  /// `key`: the arguments of pg_advisory_lock, in which $1 is `name`.
  WorkLock(Connection& connection, std::string key, std::string_view name, std::chrono::seconds patience);

  Connection& connection_;
  std::string key_;
  std::string name_;
};

}  // namespace stator::postgres
