// Limits of one caller: requests a second and transfers at once.
#include "api/caller_limits.h"

#include <gtest/gtest.h>

namespace berth::api {
namespace {

using base::ErrorCode;

constexpr base::TimePoint kStart = base::TimePoint(base::Duration(1'700'000'000'000'000));

base::TimePoint after(double seconds) {
  return kStart + std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(seconds));
}

TEST(CallerLimits, NoLimitIsNone) {
  CallerLimits limits({});
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(limits.request_from("192.0.2.1", kStart));
  EXPECT_EQ(limits.transfer("192.0.2.1", "user:1").value(), nullptr);
}

TEST(CallerLimits, ABucketHoldsTwoSecondsAndFillsAtItsRate) {
  CallerLimits limits({.requests_per_address = 10});
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(limits.request_from("192.0.2.1", kStart)) << i;
  const auto refused = limits.request_from("192.0.2.1", kStart);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::too_many_requests);
  EXPECT_EQ(refused.error().retry_after(), 1U);
  EXPECT_TRUE(limits.request_from("192.0.2.2", kStart)) << "others have their own";
  EXPECT_FALSE(limits.request_from("192.0.2.1", after(0.09)));
  EXPECT_TRUE(limits.request_from("192.0.2.1", after(0.11)));
  EXPECT_FALSE(limits.request_from("192.0.2.1", after(0.11)));
  int taken = 0;
  while (limits.request_from("192.0.2.1", after(60))) ++taken;
  EXPECT_EQ(taken, 20) << "a silent minute is worth two seconds";
  EXPECT_FALSE(limits.request_from("192.0.2.1", after(59))) << "a clock that goes back gives nothing";
}

TEST(CallerLimits, AddressAndPrincipalAreCountedApart) {
  CallerLimits limits({.requests_per_principal = 1});
  EXPECT_TRUE(limits.request_by("user:1", kStart));
  EXPECT_TRUE(limits.request_by("user:1", kStart));
  EXPECT_FALSE(limits.request_by("user:1", kStart));
  EXPECT_TRUE(limits.request_from("user:1", kStart));
  EXPECT_TRUE(limits.request_by("user:2", kStart));
}

TEST(CallerLimits, VeryManyCallersTakeBoundedMemoryAndForgetTheSilentOnes) {
  CallerLimits limits({.requests_per_address = 1});
  EXPECT_TRUE(limits.request_from("first", kStart));
  EXPECT_TRUE(limits.request_from("first", kStart));
  EXPECT_FALSE(limits.request_from("first", kStart));
  for (int i = 0; i < 200'000; ++i) ASSERT_TRUE(limits.request_from(std::to_string(i), kStart));
  EXPECT_TRUE(limits.request_from("first", kStart)) << "forgotten: begins anew";
}

TEST(CallerLimits, ATransferIsHeldUntilItIsLetGo) {
  CallerLimits limits({.transfers_per_address = 3, .transfers_per_principal = 2});
  auto one = limits.transfer("192.0.2.1", "user:1");
  auto two = limits.transfer("192.0.2.1", "user:1");
  ASSERT_TRUE(one && two);
  EXPECT_EQ(limits.transfer("192.0.2.1", "user:1").error().code(), ErrorCode::too_many_requests) << "the principal's limit";
  auto three = limits.transfer("192.0.2.1", "user:2");
  ASSERT_TRUE(three) << "what was refused holds nothing";
  EXPECT_FALSE(limits.transfer("192.0.2.1", "user:2")) << "the address's limit";
  EXPECT_TRUE(limits.transfer("192.0.2.2", "user:2"));
  one->reset();
  EXPECT_TRUE(limits.transfer("192.0.2.1", "user:1"));
}

TEST(CallerLimits, ATransferMayOutliveItsLimits) {
  std::shared_ptr<void> held;
  {
    CallerLimits limits({.transfers_per_address = 1, .transfers_per_principal = 1});
    held = limits.transfer("192.0.2.1", "user:1").value();
  }
  held.reset();
}

}  // namespace
}  // namespace berth::api
