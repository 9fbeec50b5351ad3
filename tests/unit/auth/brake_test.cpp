#include "auth/brake.h"

#include <gtest/gtest.h>

namespace berth::auth {
namespace {

using base::ErrorCode;

class BrakeTest : public ::testing::Test {
 protected:
  void fail(const std::string& address, const std::string& account, int times) {
    for (int i = 0; i < times; ++i) brake.count_failure(address, account);
  }
  base::ManualClock clock{base::from_unix_micros(1'700'000'000'000'000)};
  Brake brake{clock};
};

TEST_F(BrakeTest, AnAccountIsSlowedFromEveryAddress) {
  for (int i = 0; i < Brake::kFailuresOfAccount; ++i) {
    EXPECT_TRUE(brake.check("192.0.2.1", "ann@x"));
    fail("192.0.2." + std::to_string(i), "ann@x", 1);
  }
  const auto slowed = brake.check("192.0.2.99", "ann@x");
  ASSERT_FALSE(slowed);
  EXPECT_EQ(slowed.error().code(), ErrorCode::too_many_requests);
  EXPECT_EQ(slowed.error().retry_after(), 60U);
  EXPECT_TRUE(brake.check("192.0.2.99", "bob@x"));
}

TEST_F(BrakeTest, AnAddressIsSlowedForEveryAccount) {
  for (int i = 0; i < Brake::kFailuresOfAddress; ++i) fail("192.0.2.1", "user" + std::to_string(i), 1);
  EXPECT_FALSE(brake.check("192.0.2.1", "somebody@x"));
  EXPECT_TRUE(brake.check("192.0.2.2", "somebody@x"));
}

TEST_F(BrakeTest, AMinuteLaterAllIsForgotten) {
  fail("192.0.2.1", "ann@x", Brake::kFailuresOfAddress);
  clock.advance(std::chrono::seconds(59));
  EXPECT_FALSE(brake.check("192.0.2.1", "bob@x"));
  clock.advance(std::chrono::seconds(1));
  EXPECT_TRUE(brake.check("192.0.2.1", "ann@x"));
  fail("192.0.2.1", "ann@x", 1);
  EXPECT_TRUE(brake.check("192.0.2.1", "ann@x"));
}

// Names of accounts and addresses are never taken for each other.
TEST_F(BrakeTest, AnAccountNamedLikeAnAddressIsAnAccount) {
  fail("192.0.2.1", "192.0.2.7", Brake::kFailuresOfAccount);
  EXPECT_TRUE(brake.check("192.0.2.7", "ann@x"));
  EXPECT_FALSE(brake.check("192.0.2.8", "192.0.2.7"));
}

}  // namespace
}  // namespace berth::auth
