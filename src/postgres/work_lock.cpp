#include "postgres/work_lock.h"

namespace stator::postgres {
namespace {

/// "stator" in ASCII. Must stay the same in all versions, since their commands must wait for each other.
constexpr std::string_view kContentsKey = "126943966785394";
/// "stat" in ASCII. Locks with two numbers never collide with locks with one.
constexpr std::string_view kDatabaseKey = "1937006964, hashtext($1)";
constexpr std::string_view kLockNotAvailable = "55P03";

void set_lock_timeout(Connection& connection, std::chrono::milliseconds timeout) {
  connection.execute("SELECT set_config('lock_timeout', $1, false)", {std::to_string(timeout.count())});
}

}  // namespace

WorkLock WorkLock::on_contents(Connection& connection, std::chrono::seconds patience) {
  return {connection, std::string(kContentsKey), connection.database(), patience};
}

WorkLock WorkLock::on_database(Connection& maintenance, std::string_view name, std::chrono::seconds patience) {
  return {maintenance, std::string(kDatabaseKey), name, patience};
}

WorkLock::WorkLock(Connection& connection, std::string key, std::string_view name, std::chrono::seconds patience)
    : connection_(connection), key_(std::move(key)), name_(name) {
  set_lock_timeout(connection_, patience);
  try {
    connection_.execute("SELECT pg_advisory_lock(" + key_ + ") WHERE $1::text IS NOT NULL", {name_});
  } catch (const Error& error) {
    if (error.sqlstate() != kLockNotAvailable) throw;
    throw Error(ErrorKind::kTimeout, "another command has been at work on database " + name_ + " for " +
                                         std::to_string(patience.count()) + " seconds");
  }
  // To that of the role or the database, where there is one, which each migration's RESET ALL comes back to.
  connection_.execute("RESET lock_timeout");
}

WorkLock::~WorkLock() {
  if (connection_.is_broken()) return;
  try {
    connection_.execute("SELECT pg_advisory_unlock(" + key_ + ") WHERE $1::text IS NOT NULL", {name_});
  } catch (const std::exception&) {
    // The lock ends with the session.
  }
}

}  // namespace stator::postgres
