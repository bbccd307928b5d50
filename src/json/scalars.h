#pragma once

#include <cstdint>
#include <optional>

#include "json/reader.h"

/// Reads scalars of a request whose shape was checked: the service is lenient about some JSON types.
namespace stator::json {

/// Reads a boolean, which may be a text: "true", "yes", "1", "false", "no", "0" in any case. False for any other text;
/// check that with `is_boolean_text`.
bool read_boolean(const Value& value);
bool is_boolean_text(std::string_view text);

/// Reads a whole number; fractions are truncated, as in Java. Also reads texts that check_shape accepted.
std::int64_t read_integer(const Value& value);
/// `text` as a whole number; nullopt if it is anything else or exceeds 64 bits.
std::optional<std::int64_t> integer_from_text(std::string_view text);

/// Reads any number as a double, for Double and Timestamp (seconds since 1970) members.
double read_double(const Value& value);

}  // namespace stator::json
