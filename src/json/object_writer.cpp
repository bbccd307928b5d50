#include "json/object_writer.h"

#include <charconv>

#include "json/writer.h"

namespace stator::json {

void append_real(double value, std::string& out) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  out.append(buffer, end);
  // Very large and very small numbers have an exponent, after which no fraction may follow.
  if (std::string_view(buffer, end).find_first_of(".e") == std::string_view::npos) out += ".0";
}

std::string& ObjectWriter::member(std::string_view name) {
  out_ += empty_ ? '{' : ',';
  empty_ = false;
  append_string(name, out_);
  return out_ += ':';
}

void ObjectWriter::text(std::string_view name, std::string_view value) { append_string(value, key(name)); }

void ObjectWriter::real(std::string_view name, double value) { append_real(value, key(name)); }

void ObjectWriter::time(std::string_view name, std::int64_t milliseconds) {
  std::string& out = key(name);
  out += std::to_string(milliseconds / 1000);
  const auto rest = milliseconds % 1000;
  out += '.';
  if (rest < 100) out += '0';
  if (rest < 10) out += '0';
  out += std::to_string(rest);
}

}  // namespace stator::json
