#include "postgres/work_lock.h"

#include <chrono>
#include <thread>

namespace stator::postgres {
namespace {

/// "stator" in ASCII. Must be the same in all versions, as their commands must wait for each other.
constexpr std::string_view kContentsKey = "126943966785394";
/// "stat" in ASCII. Locks with two numbers never collide with locks with one.
constexpr std::string_view kDatabaseKey = "1937006964, hashtext($1)";

}  // namespace

WorkLock WorkLock::on_contents(Connection& connection, std::chrono::seconds patience) {
  return {connection, std::string(kContentsKey), connection.database(), patience};
}

WorkLock WorkLock::on_database(Connection& maintenance, std::string_view name, std::chrono::seconds patience) {
  return {maintenance, std::string(kDatabaseKey), name, patience};
}

WorkLock::WorkLock(Connection& connection, std::string key, std::string_view name, std::chrono::seconds patience)
    : connection_(connection), key_(std::move(key)), name_(name) {
  // Polls instead of waiting in the server: a CREATE INDEX CONCURRENTLY by the holder of the lock would wait for the
  // waiting statement.
  constexpr std::chrono::milliseconds kPause{100};
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (connection_.value("SELECT pg_try_advisory_lock(" + key_ + ")::text WHERE $1::text IS NOT NULL", {name_}) !=
         "true") {
    if (std::chrono::steady_clock::now() >= deadline) {
      throw Error(ErrorKind::kTimeout, "another command has been working on database " + name_ + " for " +
                                           std::to_string(patience.count()) + " seconds");
    }
    connection_.check_interrupted();
    std::this_thread::sleep_for(kPause);
  }
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
