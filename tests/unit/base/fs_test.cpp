#include "berth/base/fs.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "support/temporary_directory.h"

namespace berth::base {
namespace {

class RealFiles : public testing::Test {
 protected:
  [[nodiscard]] std::string path(std::string_view name) const { return directory_.path() + "/" + std::string(name); }

  std::string content(std::string_view name) { return read_small_file(fs_, path(name)).value().value(); }
  void write(std::string_view name, std::string_view text) {
    ASSERT_TRUE(fs_.open(path(name), OpenMode::create).value()->write(as_bytes(text), 0));
  }
  [[nodiscard]] mode_t mode(const std::string& of) const {
    struct stat info{};
    EXPECT_EQ(::stat(of.c_str(), &info), 0);
    return info.st_mode & 0777;
  }

  test::TemporaryDirectory directory_;
  FileSystem& fs_ = real_file_system();
};

TEST_F(RealFiles, OpenModesKeepTheirWord) {
  EXPECT_EQ(fs_.open(path("a"), OpenMode::read).value(), nullptr);
  EXPECT_EQ(fs_.open(path("a"), OpenMode::read_write).value(), nullptr);
  EXPECT_NE(fs_.open(path("a"), OpenMode::create_new).value(), nullptr);
  EXPECT_EQ(fs_.open(path("a"), OpenMode::create_new).value(), nullptr);
  EXPECT_NE(fs_.open(path("a"), OpenMode::create).value(), nullptr);
  EXPECT_NE(fs_.open(path("a"), OpenMode::read_write).value(), nullptr);
  EXPECT_EQ(fs_.open(path("missing/a"), OpenMode::create).error().code(), ErrorCode::io_error);
  EXPECT_EQ(fs_.open(path("missing/a"), OpenMode::read).value(), nullptr);
}

TEST_F(RealFiles, FilesArePrivateAndClosedOnExec) {
  const auto file = fs_.open(path("a"), OpenMode::create).value();
  EXPECT_EQ(mode(path("a")), 0600U);
  EXPECT_NE(::fcntl(file->descriptor(), F_GETFD) & FD_CLOEXEC, 0);
  ASSERT_TRUE(fs_.make_directory(path("d")).value());
  EXPECT_EQ(mode(path("d")), 0700U);
}

TEST_F(RealFiles, ReadsAndWritesAtOffsets) {
  const auto file = fs_.open(path("a"), OpenMode::create).value();
  ASSERT_TRUE(file->write(as_bytes("world"), 6));
  ASSERT_TRUE(file->write(as_bytes("hello "), 0));
  ASSERT_TRUE(file->write({}, 100));
  EXPECT_EQ(file->size().value(), 11U);
  std::string into(20, '?');
  EXPECT_EQ(file->read(std::as_writable_bytes(std::span(into)), 4).value(), 7U);
  EXPECT_EQ(into.substr(0, 7), "o world");
  EXPECT_EQ(file->read(std::as_writable_bytes(std::span(into)), 11).value(), 0U);
  ASSERT_TRUE(file->truncate(5));
  file->start_writeback(0, 5);
  ASSERT_TRUE(file->sync_data());
  EXPECT_EQ(content("a"), "hello");
}

TEST_F(RealFiles, WritingToAReadOnlyFileIsAnError) {
  write("a", "x");
  const auto file = fs_.open(path("a"), OpenMode::read).value();
  const auto written = file->write(as_bytes("y"), 0);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code(), ErrorCode::io_error);
  EXPECT_NE(written.error().context().find("EBADF"), std::string::npos) << written.error().context();
}

TEST_F(RealFiles, FullDeviceIsStorageFull) {
  const auto full = fs_.open("/dev/full", OpenMode::read_write).value();
  ASSERT_NE(full, nullptr);
  EXPECT_EQ(full->write(as_bytes("x"), 0).error().code(), ErrorCode::storage_full);
}

TEST_F(RealFiles, UnnamedFilesGetTheirNameByLink) {
  const auto file = fs_.open_unnamed(directory_.path()).value();
  ASSERT_TRUE(file->write(as_bytes("text"), 0));
  EXPECT_THAT(fs_.list(directory_.path()).value(), testing::IsEmpty());
  EXPECT_TRUE(fs_.link(*file, path("a")).value());
  EXPECT_FALSE(fs_.link(*file, path("a")).value());
  EXPECT_EQ(content("a"), "text");
  EXPECT_EQ(mode(path("a")), 0600U);
}

TEST_F(RealFiles, RenameReplaces) {
  write("a", "new");
  write("b", "old and longer");
  ASSERT_TRUE(fs_.rename(path("a"), path("b")));
  EXPECT_EQ(content("b"), "new");
  EXPECT_EQ(fs_.find_info(path("a")).value(), std::nullopt);
  EXPECT_FALSE(fs_.rename(path("a"), path("c")));
}

TEST_F(RealFiles, RemoveTellsWhetherItWasThere) {
  write("a", "x");
  EXPECT_TRUE(fs_.remove(path("a")).value());
  EXPECT_FALSE(fs_.remove(path("a")).value());
  EXPECT_FALSE(fs_.remove_directory(path("d")).value());
  EXPECT_TRUE(fs_.make_directory(path("d")).value());
  EXPECT_FALSE(fs_.make_directory(path("d")).value());
  EXPECT_EQ(fs_.make_directory(path("x/y")).error().code(), ErrorCode::io_error);
  write("d/a", "x");
  EXPECT_EQ(fs_.remove_directory(path("d")).error().code(), ErrorCode::io_error);
  EXPECT_TRUE(fs_.remove(path("d/a")).value());
  EXPECT_TRUE(fs_.remove_directory(path("d")).value());
}

TEST_F(RealFiles, InfoAndList) {
  write("a", "four");
  ASSERT_TRUE(fs_.make_directory(path("d")).value());
  const auto info = fs_.find_info(path("a")).value();
  ASSERT_TRUE(info);
  EXPECT_EQ(info->size, 4U);
  EXPECT_FALSE(info->directory);
  EXPECT_LT(SystemClock().now() - info->modified, std::chrono::minutes(1));
  EXPECT_TRUE(fs_.find_info(path("d")).value()->directory);
  EXPECT_EQ(fs_.find_info(path("none")).value(), std::nullopt);
  EXPECT_EQ(fs_.find_info(path("a/below")).value(), std::nullopt);
  EXPECT_THAT(fs_.list(directory_.path()).value(), testing::UnorderedElementsAre("a", "d"));
  EXPECT_THAT(fs_.list(path("none")).value(), testing::IsEmpty());
  EXPECT_FALSE(fs_.list(path("a")));
}

TEST_F(RealFiles, SyncDirectoryAndSpace) {
  EXPECT_TRUE(fs_.sync_directory(directory_.path()));
  EXPECT_FALSE(fs_.sync_directory(path("none")));
  const auto space = fs_.space(directory_.path()).value();
  EXPECT_GT(space.total_bytes, 0U);
  EXPECT_LE(space.free_bytes, space.total_bytes);
  EXPECT_FALSE(fs_.space(path("none")));
}

TEST_F(RealFiles, OneLockAtATime) {
  auto first = fs_.open(path("lock"), OpenMode::create).value();
  const auto second = fs_.open(path("lock"), OpenMode::create).value();
  EXPECT_TRUE(first->try_lock().value());
  EXPECT_TRUE(first->try_lock().value());
  EXPECT_FALSE(second->try_lock().value());
  first.reset();
  EXPECT_TRUE(second->try_lock().value());
}

TEST_F(RealFiles, ReadSmallFileIsBounded) {
  EXPECT_EQ(read_small_file(fs_, path("none")).value(), std::nullopt);
  write("a", "");
  EXPECT_EQ(content("a"), "");
  const std::string text(100'000, 'x');
  write("b", text);
  EXPECT_EQ(read_small_file(fs_, path("b"), text.size()).value(), text);
  EXPECT_EQ(read_small_file(fs_, path("b"), text.size() - 1).error().code(), ErrorCode::io_error);
  EXPECT_FALSE(read_small_file(fs_, directory_.path()));
  EXPECT_FALSE(read_small_file(fs_, "/proc/self/status").value()->empty());
}

}  // namespace
}  // namespace berth::base
