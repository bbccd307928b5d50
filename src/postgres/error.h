#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace stator::postgres {

enum class ErrorKind : std::uint8_t {
  kStatement,  ///< The server refused a statement; SQLSTATE says why.
  kConnect,    ///< No connection could be made: server down, wrong password, database missing.
  kLost,       ///< The connection broke during a statement, which may or may not have taken effect.
  kTimeout,    ///< A time limit set by the caller ran out.
  kMissing,    ///< A program, library or file is missing.
  kUsage,      ///< The caller asked for something impossible: one value of a result with two rows, a bad name.
  kCluster,    ///< The private cluster could not be created, started or stopped.
};

/// The fields of an error, as the server sends them. Source: PostgreSQL manual, "Error and Notice Message Fields".
struct ErrorFields {
  std::string message;
  /// Five characters, e.g. "42P01"; empty if the error does not come from the server.
  std::string sqlstate = {};
  std::string detail = {};
  std::string hint = {};
  /// What the server was doing, one line a level: "COPY users, line 3, column id". Not part of the message.
  std::string context = {};
  std::string statement = {};
  /// 1-based, in characters (not bytes) of the statement; 0: unknown.
  std::size_t position = 0;
  /// Where the statement begins in the script that it is part of, both 1-based, the column in characters. `line` 0: it
  /// is not part of a script.
  std::size_t line = 0;
  std::size_t column = 1;
};

/// The one error type of this room. what() is one line without any password.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : Error(kind, ErrorFields{.message = message}) {}
  Error(ErrorKind kind, ErrorFields fields);

  [[nodiscard]] ErrorKind kind() const { return kind_; }
  [[nodiscard]] const ErrorFields& fields() const { return fields_; }
  [[nodiscard]] const std::string& sqlstate() const { return fields_.sqlstate; }

  /// what(); then the statement's line with a caret below the position, or without a position its beginning.
  [[nodiscard]] std::string explained() const;

 private:
  ErrorKind kind_;
  ErrorFields fields_;
};

/// The text, trimmed, with each run of white space (line breaks included) as one space.
std::string one_line(std::string_view text);

}  // namespace stator::postgres
