#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace stator::postgres {

/// A server and database to connect to, with time limits.
struct Target {
  /// In a form that libpq accepts: a URL `postgresql://user:secret@host:5432/cruddur?sslmode=require`, or `host=…
  /// dbname=…`. libpq finds missing parts in the PG… variables, the service file and ~/.pgpass.
  std::string url;
  /// Overrides the URL's database unless empty.
  std::string database = {};
  /// For making the connection. connect_timeout in the URL and PGCONNECT_TIMEOUT override it.
  std::chrono::seconds connect_timeout{10};
  /// For one statement. The server enforces it, or, if it does not answer, the client a little later. 0: no limit.
  std::chrono::milliseconds statement_timeout{0};
  /// Called while a statement runs. When it returns true, the server is told to cancel the statement, which then fails
  /// with SQLSTATE 57014. Empty: never.
  std::function<bool()> interrupted = {};
};

/// A target as libpq resolves it before it connects: from URL, environment, service file and defaults.
struct TargetParts {
  std::string host;
  /// hostaddr: the address to use instead of the host's.
  std::string address;
  /// A service file has more settings, such as the host, which are not in this struct.
  bool has_service = false;
  std::string port;
  std::string user;
  /// Settings that the session begins with ("-c work_mem=1GB").
  std::string options;
  /// Empty if neither the URL nor the environment nor a service names one.
  std::string database;
};

/// Makes no connection. Throws Error (kUsage), without a password in it, if the URL cannot be parsed.
TargetParts target_parts(const Target& target);

/// For handing a target to another program: a `keyword='value'` string without the password, and the password (empty if
/// none is given), which belongs in the child's PGPASSWORD, never in its arguments, where `ps` shows it.
struct PublicTarget {
  std::string conninfo;
  std::string password;
};
PublicTarget public_target(const Target& target);

/// The target in words for messages and headings: `cruddur on db.example.com:5432 as root`.
std::string describe(const Target& target);

/// A value for a keyword=value connection string, in quotes.
std::string quote_conninfo_value(std::string_view value);

}  // namespace stator::postgres
