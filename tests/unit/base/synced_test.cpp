#include "berth/base/synced.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace berth::base {
namespace {

TEST(Synced, GivesTheValueUnderItsLockAlone) {
  Synced<int> value(1);
  EXPECT_EQ(value.with([](int& v) { return v += 2; }), 3);
  const auto& view = value;
  EXPECT_EQ(view.with([](const int& v) { return v; }), 3);
}

TEST(Synced, WaitsForTheCondition) {
  Synced<std::vector<int>> queue;
  int taken = 0;
  std::thread reader([&] {
    for (int i = 0; i < 100; ++i) {
      taken += queue.wait([](const auto& q) { return !q.empty(); },
                          [](auto& q) {
                            const int last = q.back();
                            q.pop_back();
                            return last;
                          });
    }
  });
  for (int i = 0; i < 100; ++i) {
    queue.with([](auto& q) { q.push_back(1); });
    queue.notify_one();
  }
  reader.join();
  EXPECT_EQ(taken, 100);
}

}  // namespace
}  // namespace berth::base
