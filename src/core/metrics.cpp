#include "core/metrics.h"

#include <array>
#include <charconv>

namespace stator::core {
namespace {

std::string_view kind_name(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter:
      return "counter";
    case MetricKind::kGauge:
      return "gauge";
    case MetricKind::kHistogram:
      return "histogram";
  }
  return "untyped";
}

void append_escaped(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
}

/// The shortest text that parses back to this number.
std::string number_text(double value) {
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), error == std::errc() ? end : text.data()};
}

}  // namespace

void MetricsText::begin(std::string_view name, MetricKind kind, std::string_view help) {
  name_ = name;
  out_.append("# HELP ").append(name).append(" ").append(help);
  out_.append("\n# TYPE ").append(name).append(" ").append(kind_name(kind)).append("\n");
}

void MetricsText::sample(double value, Labels labels) { append({}, labels, number_text(value)); }

void MetricsText::part(std::string_view suffix, std::uint64_t value, Labels labels) {
  append(suffix, labels, std::to_string(value));
}

void MetricsText::part(std::string_view suffix, double value, Labels labels) {
  append(suffix, labels, number_text(value));
}

void MetricsText::append(std::string_view suffix, Labels labels, std::string_view value) {
  out_.append(name_).append(suffix);
  char separator = '{';
  for (const MetricLabel& label : labels) {
    out_ += separator;
    separator = ',';
    out_.append(label.name).append("=\"");
    append_escaped(label.value, out_);
    out_ += '"';
  }
  if (separator == ',') out_ += '}';
  out_.append(" ").append(value).append("\n");
}

}  // namespace stator::core
