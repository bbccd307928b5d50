#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

namespace stator::core {

enum class MetricKind : std::uint8_t { kCounter, kGauge, kHistogram };

struct MetricLabel {
  std::string_view name;
  std::string_view value;
};

/// Writes metrics in Prometheus' text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/).
class MetricsText {
 public:
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";
  using Labels = std::initializer_list<MetricLabel>;

  explicit MetricsText(std::string& out) : out_(out) {}

  /// Begins a family of metrics; its samples follow. Call this once for each name. `help` is one line.
  void begin(std::string_view name, MetricKind kind, std::string_view help);
  /// Appends a sample to the current family.
  template <std::unsigned_integral Number>
  void sample(Number value, Labels labels = {}) {
    append({}, labels, std::to_string(value));
  }
  void sample(double value, Labels labels = {});
  /// The same, with a suffix to the family's name: "_bucket", "_sum", "_count".
  void part(std::string_view suffix, std::uint64_t value, Labels labels);
  void part(std::string_view suffix, double value, Labels labels);

  /// Appends a family with one sample and no labels.
  template <typename Number>
  void one(std::string_view name, MetricKind kind, std::string_view help, Number value) {
    begin(name, kind, help);
    sample(value);
  }

 private:
  void append(std::string_view suffix, Labels labels, std::string_view value);

  std::string& out_;
  std::string name_;
};

/// Appends the metrics of one part of the program. Called from several threads at once; must not wait.
using MetricSource = std::function<void(MetricsText&)>;

}  // namespace stator::core
