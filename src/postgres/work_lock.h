#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "postgres/connection.h"

namespace stator::postgres {

/// An advisory lock for the lifetime of this object, with which commands that change the same thing wait for each
/// other. It belongs to the session, so it also ends with a broken connection.
class WorkLock {
 public:
  /// How long to wait for another command before giving up.
  static constexpr std::chrono::seconds kPatience{60};

  /// Locks the contents of the connection's database: for migrations, schema and seed.
  /// Throws Error (kTimeout) "another command has been working on database NAME for 60 seconds".
  static WorkLock on_contents(Connection& connection, std::chrono::seconds patience = kPatience);
  /// Locks the name of a database, whether it exists or not, for commands that create or drop it. They must all be
  /// connected to the same maintenance database, as an advisory lock is valid within one database only.
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
