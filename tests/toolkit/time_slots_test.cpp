#include "toolkit/time_slots.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace stator::toolkit {
namespace {

std::vector<std::int64_t> assign_all(const std::vector<std::int64_t>& times) {
  TimeSlots slots;
  for (const std::int64_t time : times) slots.add(time);
  slots.seal();
  std::vector<std::int64_t> out;
  for (const std::int64_t time : times) out.push_back(slots.assign(time));
  return out;
}

TEST(TimeSlots, SetEqualTimesApartInTheFilesOrder) {
  using Times = std::vector<std::int64_t>;
  const std::pair<Times, Times> rows[] = {
      {{}, {}},
      {{5}, {5}},
      {{1, 2, 3}, {1, 2, 3}},
      {{1, 1, 1, 2, 9}, {1, 2, 3, 4, 9}},
      {{9, 5, 5, 4}, {9, 5, 4, 3}},
      {{7, 7, 7}, {7, 8, 9}},
      {{5, 1, 5, 6, 5}, {5, 1, 7, 6, 8}},
      {{5, 5, 1, 6, 6}, {5, 7, 1, 6, 8}},
  };
  for (const auto& [times, expected] : rows) EXPECT_EQ(assign_all(times), expected);
}

TEST(TimeSlots, NeverGiveOneMomentTwice) {
  std::mt19937 random(20230320);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::int64_t> times;
    for (int i = 0; i < 300; ++i) times.push_back(static_cast<std::int64_t>(random() % 150));
    const auto assigned = assign_all(times);
    EXPECT_EQ(std::set(assigned.begin(), assigned.end()).size(), times.size()) << "round " << round;
    EXPECT_EQ(assigned, assign_all(times));
  }
}

}  // namespace
}  // namespace stator::toolkit
