#include "berth/base/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <string>

namespace berth::base {
namespace {

TEST(Error, EveryCodeHasItsOwnName) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kErrorCodeCount; ++i) names.insert(error_code_name(static_cast<ErrorCode>(i)));
  EXPECT_EQ(names.size(), kErrorCodeCount);
  EXPECT_FALSE(names.contains("unknown"));
  EXPECT_EQ(error_code_name(ErrorCode::blob_unknown), "blob_unknown");
}

TEST(Error, ContextGrowsOutwards) {
  const Error error = Error(ErrorCode::io_error, "message").in("pwrite: EIO").in("blob sha256:ab");
  EXPECT_EQ(error.context(), "blob sha256:ab: pwrite: EIO");
  EXPECT_EQ(error.message(), "message");
}

TEST(Error, AsKeepsTheOldMessageForTheOperator) {
  const Error error = Error(ErrorCode::io_error, "inner").in("where").as(ErrorCode::internal, "outer");
  EXPECT_EQ(error.code(), ErrorCode::internal);
  EXPECT_EQ(error.message(), "outer");
  EXPECT_EQ(error.context(), "inner: where");
}

TEST(Error, SystemErrorTellsFullFromBroken) {
  EXPECT_EQ(system_error(ENOSPC, "x").code(), ErrorCode::storage_full);
  EXPECT_EQ(system_error(EDQUOT, "x").code(), ErrorCode::storage_full);
  const Error broken = system_error(EIO, "fdatasync uploads/1/data");
  EXPECT_EQ(broken.code(), ErrorCode::io_error);
  EXPECT_EQ(broken.context(), "fdatasync uploads/1/data: EIO");
  EXPECT_EQ(broken.message().find("uploads"), std::string::npos) << "a path must not reach a client";
  EXPECT_EQ(system_error(99999, "x").context(), "x: errno 99999");
}

Result<int> half(int number) {
  if (number % 2 != 0) return fail(ErrorCode::parameter_invalid, "odd");
  return number / 2;
}

Result<int> quarter(int number) {
  BERTH_TRY(const int once, half(number));
  BERTH_TRY(const int twice, half(once));
  return twice;
}

TEST(Error, TryReturnsTheFirstError) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().message(), "odd");
}

}  // namespace
}  // namespace berth::base
