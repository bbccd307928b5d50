#pragma once

#include <cstddef>
#include <string_view>

namespace stator::partiql {

/// Throws ValidationException "Statement wasn't well formed, can't be processed: <detail>". The service gives no detail
/// for text that it cannot split into tokens.
[[noreturn]] void throw_malformed(std::string_view detail = {});

/// A part of a statement: the bytes [begin, end).
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Throws ValidationException "<message> at <line>:<column>:<length>"; these count characters, lines and columns from
/// 1.
[[noreturn]] void throw_at(std::string_view message, std::string_view statement, Span where);

}  // namespace stator::partiql
