#include "berth/base/small_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/temporary_directory.h"

namespace berth::base {
namespace {

TEST(SmallFile, IsReplacedWholeAndPrivate) {
  const test::TemporaryDirectory directory;
  auto& fs = real_file_system();
  ASSERT_TRUE(replace_small_file(fs, directory.path(), "keys.json", "a longer first text"));
  ASSERT_TRUE(replace_small_file(fs, directory.path(), "keys.json", "second"));
  EXPECT_EQ(read_small_file(fs, directory.path() + "/keys.json").value(), "second");
  struct stat info{};
  ASSERT_EQ(stat((directory.path() + "/keys.json").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_EQ(fs.list(directory.path()).value().size(), 1U) << "nothing half-done stays";
}

TEST(SmallFile, WhatACrashLeftIsNoHindrance) {
  const test::TemporaryDirectory directory;
  auto& fs = real_file_system();
  ASSERT_TRUE(fs.open(directory.path() + "/keys.json.partial", OpenMode::create));
  ASSERT_TRUE(replace_small_file(fs, directory.path(), "keys.json", "text"));
  EXPECT_EQ(read_small_file(fs, directory.path() + "/keys.json").value(), "text");
}

}  // namespace
}  // namespace berth::base
