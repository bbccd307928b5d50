#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace stator::postgres {

/// A server and database to connect to, with time limits.
struct Target {
  /// As libpq takes it: a URL `postgresql://user:secret@host:5432/cruddur?sslmode=require`, or `host=… dbname=…`. libpq
  /// finds missing parts in the PG… variables, the service file and ~/.pgpass.
  std::string url;
  /// Overrides the URL's database where not empty.
  std::string database = {};
  /// For making the connection. connect_timeout in the URL and PGCONNECT_TIMEOUT override it.
  std::chrono::seconds connect_timeout{10};
  /// For one statement. The server enforces it; a little later, where that does not answer, the client. 0: no limit.
  std::chrono::milliseconds statement_timeout{0};
  /// Asked while a statement runs: once it says so, the server is told to cancel the statement, whose error then is
  /// SQLSTATE 57014. Empty: never.
  std::function<bool()> interrupted = {};
};

/// A target as libpq resolves it before it connects: from URL, environment, service file and defaults.
struct TargetParts {
  std::string host;
  /// hostaddr: the address that is used instead of the host's.
  std::string address;
  /// A service file has further settings, such as the host, which are not in this struct.
  bool has_service = false;
  std::string port;
  std::string user;
  /// Settings that the session begins with ("-c work_mem=1GB").
  std::string options;
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

/// A value of a connection string in its keyword=value form, in quotes.
std::string quote_conninfo_value(std::string_view value);

}  // namespace stator::postgres
