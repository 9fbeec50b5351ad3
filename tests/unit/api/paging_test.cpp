#include <gtest/gtest.h>

#include "api/call.h"

namespace berth::api {
namespace {

using base::ErrorCode;

base::Result<Paging> paging(std::string_view raw) { return parse_paging(Query::parse(raw).value()); }

TEST(Paging, WithoutParametersThePageIsTheLargest) {
  EXPECT_EQ(paging("")->limit, kMaxPage);
  EXPECT_EQ(paging("")->after, "");
}

TEST(Paging, NumbersAreTakenUpToTheLargestPage) {
  EXPECT_EQ(paging("n=0")->limit, 0U);
  EXPECT_EQ(paging("n=7")->limit, 7U);
  EXPECT_EQ(paging("n=007")->limit, 7U);
  EXPECT_EQ(paging("n=1000")->limit, 1000U);
  EXPECT_EQ(paging("n=1001")->limit, kMaxPage);
  EXPECT_EQ(paging("n=1000000000")->limit, kMaxPage);
  EXPECT_EQ(paging("n=18446744073709551615")->limit, kMaxPage);
  EXPECT_EQ(paging("n=99999999999999999999999999")->limit, kMaxPage);
}

TEST(Paging, LastIsTakenAsItIs) { EXPECT_EQ(paging("last=Z%2Fz")->after, "Z/z"); }

TEST(Paging, WhatIsNoWholeNumber) {
  for (const auto* raw : {"n=", "n", "n=-1", "n=+1", "n=1.0", "n=1e3", "n=0x10", "n=%201", "n=all"}) {
    const auto page = paging(raw);
    ASSERT_FALSE(page) << raw;
    EXPECT_EQ(page.error().code(), ErrorCode::pagination_invalid) << raw;
  }
}

TEST(Paging, TwiceIsOnceTooOften) {
  for (const auto* raw : {"n=1&n=2", "last=a&last=a"}) {
    const auto page = paging(raw);
    ASSERT_FALSE(page) << raw;
    EXPECT_EQ(page.error().code(), ErrorCode::parameter_invalid) << raw;
  }
}

}  // namespace
}  // namespace berth::api
