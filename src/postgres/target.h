#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace stator::postgres {

/// Which server and database, and how long to wait for them.
struct Target {
  /// What libpq takes: a URL `postgresql://user:secret@host:5432/cruddur?sslmode=require`, or `host=… dbname=…`.
  /// Whatever it leaves out comes from libpq's own places: the PG… variables, the service file, ~/.pgpass.
  std::string url;
  /// Overrides the URL's database where not empty.
  std::string database = {};
  /// For making the connection. Gives way to connect_timeout in the URL and to PGCONNECT_TIMEOUT.
  std::chrono::seconds connect_timeout{10};
  /// For one statement, kept by the server, and by us a little later where the server does not answer. 0: no limit.
  std::chrono::milliseconds statement_timeout{0};
};

/// What libpq makes of a target before it connects: URL, environment, service file and defaults taken together.
struct TargetParts {
  std::string host;
  /// hostaddr: the address that is used whatever the host says.
  std::string address;
  /// A service file says the rest, its host included, which is not shown here.
  bool has_service = false;
  std::string port;
  std::string user;
  /// Empty where neither the URL nor the environment nor a service names one.
  std::string database;
};

/// Makes no connection. Throws Error (kUsage), without a password in it, where the URL cannot be read.
TargetParts target_parts(const Target& target);

/// For handing a target to another program: a `keyword='value'` string without the password, and the password by itself
/// (empty: none given), which belongs in the child's PGPASSWORD, never in its arguments, where `ps` shows it.
struct PublicTarget {
  std::string conninfo;
  std::string password;
};
PublicTarget public_target(const Target& target);

/// The target in words for messages and headings: `cruddur on db.example.com:5432 as root`.
std::string describe(const Target& target);

}  // namespace stator::postgres
