#include "core/metrics.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace stator::core {
namespace {

TEST(MetricsText, IsPrometheusTextFormat) {
  std::string out;
  MetricsText text(out);
  text.one("a_total", MetricKind::kCounter, "How many.", std::uint64_t{18'446'744'073'709'551'615U});
  text.begin("b", MetricKind::kGauge, "Of each.");
  text.sample(0.5, {{"name", "x"}});
  text.sample(std::uint64_t{2}, {{"name", "a \"b\" \\ \n c"}, {"other", ""}});
  text.begin("c_seconds", MetricKind::kHistogram, "How long.");
  text.part("_bucket", std::uint64_t{1}, {{"le", "0.1"}});
  text.part("_sum", 1e-9, {});
  EXPECT_EQ(out,
            "# HELP a_total How many.\n"
            "# TYPE a_total counter\n"
            "a_total 18446744073709551615\n"
            "# HELP b Of each.\n"
            "# TYPE b gauge\n"
            "b{name=\"x\"} 0.5\n"
            "b{name=\"a \\\"b\\\" \\\\ \\n c\",other=\"\"} 2\n"
            "# HELP c_seconds How long.\n"
            "# TYPE c_seconds histogram\n"
            "c_seconds_bucket{le=\"0.1\"} 1\n"
            "c_seconds_sum 1e-09\n");
}

}  // namespace
}  // namespace stator::core
