#include "berth/base/clock.h"

#include <gtest/gtest.h>

namespace berth::base {
namespace {

TEST(Clock, FormatsAsRfc3339) {
  EXPECT_EQ(format_rfc3339(from_unix_micros(0)), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(format_rfc3339(from_unix_micros(951782400'000001)), "2000-02-29T00:00:00.000001Z");
  EXPECT_EQ(format_rfc3339(from_unix_micros(1795540628'123456)), "2026-11-24T17:17:08.123456Z");
  EXPECT_EQ(format_rfc3339(from_unix_micros(-1)), "1969-12-31T23:59:59.999999Z");
}

TEST(Clock, ManualClockMovesOnlyByHand) {
  ManualClock clock(from_unix_micros(5));
  EXPECT_EQ(to_unix_micros(clock.now()), 5);
  clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(to_unix_micros(clock.now()), 2'000'005);
}

TEST(Clock, SystemClockIsInThisCentury) { EXPECT_GT(to_unix_micros(SystemClock().now()), 1'700'000'000'000'000); }

}  // namespace
}  // namespace berth::base
