#include "http/admission.h"

#include <gtest/gtest.h>

namespace berth::http {
namespace {

TEST(Admission, CountsOverAllAndPerAddress) {
  Admission admission(3, 2);
  auto a = admission.admit("10.0.0.1");
  auto b = admission.admit("10.0.0.1");
  ASSERT_TRUE(a && b);
  EXPECT_EQ(admission.admit("10.0.0.1").error(), Refusal::address);
  auto c = admission.admit("10.0.0.2");
  ASSERT_TRUE(c);
  EXPECT_EQ(admission.admit("10.0.0.3").error(), Refusal::total);
  b->reset();
  EXPECT_TRUE(admission.admit("10.0.0.1"));
}

TEST(Admission, TakesAnIpv6NetworkForOneAddress) {
  Admission admission(100, 1);
  auto a = admission.admit("2001:db8:1:2:3::1");
  ASSERT_TRUE(a);
  EXPECT_FALSE(admission.admit("2001:db8:1:2:4::1"));
  EXPECT_TRUE(admission.admit("2001:db8:1:3::1"));
  auto loopback = admission.admit("::1");
  ASSERT_TRUE(loopback);
  EXPECT_TRUE(admission.admit("::2"));
}

TEST(Admission, TellsWhenAllAreGone) {
  Admission admission(3, 3);
  EXPECT_TRUE(admission.wait_empty(std::chrono::milliseconds(0)));
  auto a = admission.admit("a");
  EXPECT_FALSE(admission.wait_empty(std::chrono::milliseconds(1)));
  a->reset();
  EXPECT_TRUE(admission.wait_empty(std::chrono::seconds(10)));
}

}  // namespace
}  // namespace berth::http
