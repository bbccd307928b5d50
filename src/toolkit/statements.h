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
  /// At most this many items; 0: all.
  std::uint64_t limit = 0;
};

/// A JSON list of values, each in wire form ({"S": "a"}) or in plain JSON, all in wire form. Throws PlainJsonError.
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
  /// Where its first word is, from 1 on.
  std::size_t line = 1;
};

/// The statements of a text, separated by semicolons outside of strings, quoted names and comments; without empty ones.
/// `rest`: gets the text after the last semicolon, an unfinished statement; null: that is a statement, too.
std::vector<Statement> split_statements(std::string_view text, std::string* rest = nullptr);

}  // namespace stator::toolkit
