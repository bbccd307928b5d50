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

/// What a statement takes from the client and gives to it while it runs.
struct Streams {
  /// The next bytes for COPY … FROM STDIN, which are good until the next call; empty at the end.
  std::function<std::string_view()> read = {};
  /// Takes the bytes of COPY … TO STDOUT.
  std::function<void(std::string_view)> write = {};
  /// Takes the columns of the rows, once, before the first row or where there is none.
  std::function<void(const std::vector<Column>&)> columns = {};
  /// Takes each row as it arrives; without it, the Result has them. What this or `columns` throws leaves execute() when
  /// the statement is over: one that only reads is cancelled for it, any other does its work.
  std::function<void(const Row&)> row = {};
  /// Called before each wait for the server, so that what came can be passed on.
  std::function<void()> waiting = {};
};

/// One connection, for one thread at a time. Every function throws Error; after kLost or kTimeout the connection is
/// broken and can only be destroyed.
class Connection {
 public:
  /// Connects. Throws Error (kConnect) with one line: which server it tried, and why that failed.
  explicit Connection(const Target& target);
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  /// One statement. Throws Error (kUsage) for a COPY to or from the client where `streams` lacks the one for it.
  Result execute(std::string_view statement, const Parameters& parameters = {}, const Streams& streams = {});

  /// Several statements, without parameters, and the rows behind each COPY … FROM STDIN; in one transaction unless they
  /// begin or end one themselves, or refuse one (sql_refuses_transaction). Rows that come are dropped. An Error
  /// (kStatement) has the one statement that failed, and its line. Throws Error (kUsage) where a transaction stays
  /// open.
  void execute_script(std::string_view statements);

  /// The only column of the only row; nullopt where there is no row, or it is NULL.
  /// Throws Error (kUsage) where there are more rows or columns.
  std::optional<std::string> value(std::string_view statement, const Parameters& parameters = {});
  /// The only row as a JSON object; nullopt where there is none. Throws Error (kUsage) where there are more.
  std::optional<std::string> object(std::string_view statement, const Parameters& parameters = {});
  /// All rows as a JSON array of objects.
  std::string array(std::string_view statement, const Parameters& parameters = {});

  /// Sets element_type and delimiter of the columns that are arrays of types which are not PostgreSQL's own, such as
  /// enums; only the catalog tells these from scalars. Asks nothing where all types are PostgreSQL's.
  void find_element_types(std::vector<Column>& columns);

  /// Between two statements: throws Error (kStatement) with the SQLSTATE of a cancelled one where Target::interrupted
  /// says so.
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
