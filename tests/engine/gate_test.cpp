// The gate that calls pass, and when it closes.

#include "engine/gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace stator::engine {
namespace {

TEST(Gate, KnowsWhetherCallsCame) {
  Gate gate;
  EXPECT_FALSE(gate.was_used());
  {
    const GatePass pass(gate);
    EXPECT_TRUE(gate.was_used());
    EXPECT_TRUE(gate.was_used());
  }
  EXPECT_FALSE(gate.was_used());
  { const GatePass pass(gate); }
  EXPECT_TRUE(gate.was_used());
  EXPECT_FALSE(gate.was_used());
  { const Gate::Closed closed(gate); }
  EXPECT_FALSE(gate.was_used());
}

TEST(Gate, ClosesOnceCallsHaveLeft) {
  Gate gate;
  std::atomic<int> inside = 0;
  std::atomic<bool> stop = false;
  const auto call = [&] {
    while (!stop) {
      const GatePass pass(gate);
      ++inside;
      --inside;
    }
  };
  std::jthread one(call);
  std::jthread other(call);
  std::jthread asking([&] {
    while (!stop) (void)gate.was_used();
  });
  for (int i = 0; i < 1000; ++i) {
    const Gate::Closed closed(gate);
    ASSERT_EQ(inside, 0);
  }
  stop = true;
}

}  // namespace
}  // namespace stator::engine
