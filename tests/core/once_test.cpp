#include "core/once.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace stator::core {
namespace {

TEST(Once, IsDoneByOneOfManyAndSeenByAll) {
  Once once;
  int done = 0;
  std::atomic<int> seen{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      once.call([&] { ++done; });
      seen += done;
    });
  }
  threads.clear();
  EXPECT_EQ(done, 1);
  EXPECT_EQ(seen, 8);
}

TEST(Once, IsTriedAgainAfterAnException) {
  Once once;
  int tries = 0;
  for (int i = 0; i < 3; ++i) {
    try {
      once.call([&] {
        if (++tries < 2) throw std::runtime_error("not yet");
      });
    } catch (const std::runtime_error&) {
      EXPECT_EQ(tries, 1);
    }
  }
  EXPECT_EQ(tries, 2);
}

}  // namespace
}  // namespace stator::core
