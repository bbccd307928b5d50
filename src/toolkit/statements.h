#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "endpoint/endpoint.h"
#include "json/reader.h"

namespace stator::toolkit {

struct StatementOptions {
  /// The statement's parameters as a JSON list of attribute values (statement_parameters); empty: none.
  std::string parameters_json;
  bool consistent = false;
  /// The maximum number of items; 0: all.
  std::uint64_t limit = 0;
};

/// Converts a JSON list of values, each in wire form ({"S": "a"}) or plain JSON, to wire form. Throws PlainJsonError.
std::string statement_parameters(std::string_view list);

/// The result of a statement.
struct StatementResult {
  std::uint64_t items = 0;
  std::uint64_t pages = 0;
  double capacity_units = 0;
  std::chrono::microseconds time{};
};

/// Receives the items of one page.
using PageVisitor = std::function<void(const json::Array& items)>;

/// Runs a PartiQL statement (ExecuteStatement) and reads every page. Throws OperationError, and what `visit` throws.
StatementResult run_statement(endpoint::Endpoint& endpoint, std::string_view statement, const StatementOptions& options,
                              const PageVisitor& visit);

struct Statement {
  std::string text;
  /// The line of its first word, from 1.
  std::size_t line = 1;
};

/// The statements of a text, without empty ones; they are separated by semicolons outside of strings, quoted names and
/// comments. `rest`: set to the text after the last semicolon, an unfinished statement; if null, that counts as a
/// statement, too.
std::vector<Statement> split_statements(std::string_view text, std::string* rest = nullptr);

}  // namespace stator::toolkit
