#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postgres/error.h"
#include "postgres/result.h"
#include "postgres/target.h"

namespace stator::postgres {

/// Values for $1, $2, …; nullopt is NULL. They are sent separately from the statement, never in its text.
using Parameters = std::vector<Field>;

/// Callbacks for data that a running statement takes from the client or passes to it.
struct Streams {
  /// Returns the next bytes for COPY … FROM STDIN, valid until the next call; empty at the end.
  std::function<std::string_view()> read = {};
  /// Called with the bytes of COPY … TO STDOUT.
  std::function<void(std::string_view)> write = {};
  /// Called once with the columns of the rows, before the first row, also if there are no rows.
  std::function<void(const std::vector<Column>&)> columns = {};
  /// Called with each row as it arrives; without it, the Result holds them. execute() rethrows what this or `columns`
  /// throws when the statement is over; a statement that only reads is cancelled, any other completes its work.
  std::function<void(const Row&)> row = {};
  /// Called before each wait for the server, so that the data so far can be passed on.
  std::function<void()> waiting = {};
};

/// One connection, for one thread at a time. Every function throws Error; after kLost or kTimeout the connection is
/// broken and can only be destroyed.
class Connection {
 public:
  /// Connects. Throws Error (kConnect) with one line: which server was tried, and why that failed.
  explicit Connection(const Target& target);
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  /// Runs one statement. Throws Error (kUsage) for a COPY to or from the client if `streams` lacks the callback for it.
  Result execute(std::string_view statement, const Parameters& parameters = {}, const Streams& streams = {});

  /// Runs several statements, without parameters, with the rows after each COPY … FROM STDIN; in one transaction,
  /// unless they begin or end one themselves or refuse one (sql_refuses_transaction). Drops rows that they return. An
  /// Error (kStatement) has the statement that failed and its line. Throws Error (kUsage) if a transaction stays open.
  void execute_script(std::string_view statements);

  /// Returns the only column of the only row; nullopt if there is no row, or if it is NULL.
  /// Throws Error (kUsage) if there are more rows or columns.
  std::optional<std::string> value(std::string_view statement, const Parameters& parameters = {});

  /// Sets element_type and delimiter of the columns that are arrays of types not built into PostgreSQL, such as enums;
  /// only the catalog distinguishes these from scalars. Sends no query if all types are built in.
  void find_element_types(std::vector<Column>& columns);

  /// To be called between two statements: throws Error (kStatement) with the SQLSTATE of a cancelled statement if
  /// Target::interrupted returns true.
  void check_interrupted();
  [[nodiscard]] bool is_broken() const;
  /// The name of the database connected to.
  [[nodiscard]] std::string database() const;
  /// As a number: 150018 for 15.18.
  [[nodiscard]] int server_version() const;
  /// NOTICE and WARNING lines since the last call, oldest first; at most 100 are kept.
  std::vector<std::string> take_notices();

 private:
  /// Sends part of the script `text`.
  void execute_part(std::string_view text, std::string_view part, std::optional<std::string_view> rows);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// BEGIN in the constructor; ROLLBACK in the destructor unless commit() was called.
class Transaction {
 public:
  explicit Transaction(Connection& connection);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void commit();

 private:
  Connection& connection_;
  bool open_ = true;
};

/// A name as a quoted SQL identifier: `"we""ird"`. Throws Error (kUsage) for an empty name, one longer than the 63
/// bytes that PostgreSQL keeps, or one with a NUL.
std::string quote_identifier(std::string_view name);

}  // namespace stator::postgres
