#pragma once

#include <cstdint>
#include <optional>

#include "json/reader.h"

/// Reading scalars of a request whose shape was checked: the service is lenient about some JSON types.
namespace stator::json {

/// A boolean, also given as text: "true", "yes", "1", "false", "no", "0" in any case. False for any other text, which
/// `is_boolean_text` finds.
bool read_boolean(const Value& value);
bool is_boolean_text(std::string_view text);

/// A whole number; the decimals of a fraction are cut off, as Java does. Also reads texts that check_shape accepted.
std::int64_t read_integer(const Value& value);
/// `text` as a whole number; nullopt where it is anything else or beyond 64 bits.
std::optional<std::int64_t> integer_from_text(std::string_view text);

/// Any number as a double: Double and Timestamp (seconds since 1970) members.
double read_double(const Value& value);

}  // namespace stator::json
