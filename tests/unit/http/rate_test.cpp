#include "http/rate.h"

#include <array>

#include <gtest/gtest.h>

namespace berth::http {
namespace {

using std::chrono::milliseconds;

TEST(Spread, DelaysLieEvenlyBetweenTheLeastAndHalfAsLongAgain) {
  Spread spread;
  std::array<int, 10> tenths{};
  for (int i = 0; i < 1000; ++i) {
    const auto delay = spread.next(milliseconds(1000));
    ASSERT_GE(delay, milliseconds(1000));
    ASSERT_LT(delay, milliseconds(1500));
    ++tenths.at(static_cast<std::size_t>((delay.count() - 1000) / 50));
  }
  for (const int count : tenths) EXPECT_NEAR(count, 100, 5);
}

TEST(Spread, NothingStaysNothing) {
  Spread spread;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(spread.next(milliseconds(0)), milliseconds(0));
}

}  // namespace
}  // namespace berth::http
