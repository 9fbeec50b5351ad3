#include "support/fault_file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "support/temporary_directory.h"

namespace berth::test {
namespace {

using base::as_bytes;
using base::ErrorCode;
using base::OpenMode;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class FaultFiles : public testing::Test {
 protected:
  [[nodiscard]] std::string path(std::string_view name) const { return directory_.path() + "/" + std::string(name); }
  std::string content(std::string_view name) { return base::read_small_file(fs_, path(name)).value().value_or("(missing)"); }
  std::unique_ptr<base::File> create(std::string_view name, std::string_view text) {
    auto file = fs_.open(path(name), OpenMode::create).value();
    EXPECT_TRUE(file->write(as_bytes(text), 0));
    return file;
  }
  // A file that is durable with its name.
  void durable(std::string_view name, std::string_view text) {
    ASSERT_TRUE(create(name, text)->sync_data());
    ASSERT_TRUE(fs_.sync_directory(std::filesystem::path(path(name)).parent_path()));
  }
  std::vector<std::string> list(std::string_view name = "") { return fs_.list(path(name)).value(); }

  TemporaryDirectory directory_;
  FaultFileSystem fs_{directory_.path()};
};

TEST_F(FaultFiles, CountsEveryMutatingCall) {
  auto file = fs_.open(path("a"), OpenMode::create).value();
  ASSERT_TRUE(file->write(as_bytes("x"), 0));
  ASSERT_TRUE(file->truncate(0));
  ASSERT_TRUE(file->sync_data());
  auto unnamed = fs_.open_unnamed(directory_.path()).value();
  ASSERT_TRUE(fs_.link(*unnamed, path("b")).value());
  ASSERT_TRUE(fs_.rename(path("b"), path("c")));
  ASSERT_TRUE(fs_.remove(path("c")).value());
  ASSERT_TRUE(fs_.make_directory(path("d")).value());
  ASSERT_TRUE(fs_.sync_directory(path("d")));
  ASSERT_TRUE(fs_.remove_directory(path("d")).value());
  EXPECT_EQ(fs_.calls(), 11U);
  EXPECT_EQ(fs_.calls(Call::create), 2U);
  // Reading and looking change nothing.
  EXPECT_EQ(content("a"), "");
  EXPECT_TRUE(fs_.find_info(path("a")).value());
  EXPECT_EQ(fs_.calls(), 11U);
  std::vector<Call> order;
  for (const CallRecord& record : fs_.trace()) order.push_back(record.call);
  EXPECT_THAT(order, ElementsAre(Call::create, Call::write, Call::truncate, Call::sync_data, Call::create, Call::link,
                                 Call::rename, Call::remove, Call::make_directory, Call::sync_directory, Call::remove_directory));
}

TEST_F(FaultFiles, FailsTheNthCallOnce) {
  auto file = fs_.open(path("a"), OpenMode::create).value();
  fs_.inject({.at = 2, .error_number = ENOSPC});
  ASSERT_TRUE(file->write(as_bytes("one"), 0));
  EXPECT_FALSE(fs_.struck());
  EXPECT_EQ(file->write(as_bytes("two"), 0).error().code(), ErrorCode::storage_full);
  EXPECT_TRUE(fs_.struck());
  EXPECT_EQ(content("a"), "one") << "a failed call does nothing";
  EXPECT_TRUE(file->write(as_bytes("six"), 0));
  EXPECT_TRUE(fs_.trace()[2].failed);
}

TEST_F(FaultFiles, FailsEverythingFromThenOn) {
  auto file = create("a", "x");
  auto unnamed = fs_.open_unnamed(directory_.path()).value();
  ASSERT_TRUE(fs_.make_directory(path("d")).value());
  fs_.inject({.at = 1, .repeat = Repeat::from_then_on});
  EXPECT_FALSE(file->write(as_bytes("y"), 0));
  EXPECT_FALSE(file->truncate(0));
  EXPECT_FALSE(file->sync_data());
  EXPECT_FALSE(fs_.open(path("b"), OpenMode::create_new));
  EXPECT_FALSE(fs_.open_unnamed(directory_.path()));
  EXPECT_FALSE(fs_.link(*unnamed, path("b")));
  EXPECT_FALSE(fs_.rename(path("a"), path("b")));
  EXPECT_FALSE(fs_.remove(path("a")));
  EXPECT_FALSE(fs_.make_directory(path("e")));
  EXPECT_FALSE(fs_.remove_directory(path("d")));
  EXPECT_FALSE(fs_.sync_directory(path("d")));
  EXPECT_EQ(content("a"), "x");
  EXPECT_THAT(list(), UnorderedElementsAre("a", "d"));
  fs_.clear_faults();
  EXPECT_TRUE(file->write(as_bytes("y"), 0));
}

TEST_F(FaultFiles, FailsOneKindAlone) {
  fs_.inject({.at = 2, .only = Call::sync_data});
  auto file = create("a", "x");
  ASSERT_TRUE(file->sync_data());
  ASSERT_TRUE(file->write(as_bytes("y"), 0));
  EXPECT_EQ(file->sync_data().error().code(), ErrorCode::io_error);
}

TEST_F(FaultFiles, ReadsFailOnlyWhenNamed) {
  auto file = create("a", "x");
  std::string into(1, ' ');
  fs_.inject({.at = 1, .repeat = Repeat::from_then_on});
  EXPECT_TRUE(file->read(std::as_writable_bytes(std::span(into)), 0));
  fs_.inject({.at = 1, .only = Call::read});
  EXPECT_FALSE(file->read(std::as_writable_bytes(std::span(into)), 0));
}

TEST_F(FaultFiles, WritesShort) {
  auto file = create("a", "");
  fs_.inject({.at = 2, .error_number = ENOSPC, .only = Call::write, .partial = Partial::half});
  ASSERT_TRUE(file->write(as_bytes("abcd"), 0));
  EXPECT_EQ(file->write(as_bytes("efgh"), 4).error().code(), ErrorCode::storage_full);
  EXPECT_EQ(content("a"), "abcdef");
}

TEST_F(FaultFiles, SpaceIsWhatTheTestSays) {
  fs_.set_space(base::SpaceInfo{.total_bytes = 100, .free_bytes = 3});
  EXPECT_EQ(fs_.space(directory_.path()).value().free_bytes, 3U);
  fs_.set_space(std::nullopt);
  EXPECT_GT(fs_.space(directory_.path()).value().total_bytes, 100U);
}

// The table of what survives.

TEST_F(FaultFiles, WhatWasThereBeforeSurvives) {
  std::filesystem::create_directories(path("d/e"));
  std::ofstream(path("d/e/f")) << "old";
  FaultFileSystem later(directory_.path());
  later.drop_unsynced();
  EXPECT_EQ(content("d/e/f"), "old");
}

TEST_F(FaultFiles, UnsyncedDataIsLost) {
  durable("a", "first");
  auto file = fs_.open(path("a"), OpenMode::read_write).value();
  ASSERT_TRUE(file->write(as_bytes("SECOND"), 0));
  ASSERT_TRUE(file->truncate(3));
  EXPECT_EQ(content("a"), "SEC");
  fs_.drop_unsynced();
  EXPECT_EQ(content("a"), "first");
}

TEST_F(FaultFiles, ANameWithoutItsDataIsAnEmptyFile) {
  create("a", "text");
  ASSERT_TRUE(fs_.sync_directory(directory_.path()));
  fs_.drop_unsynced();
  EXPECT_EQ(content("a"), "");
}

TEST_F(FaultFiles, DataWithoutItsNameIsGone) {
  ASSERT_TRUE(create("a", "text")->sync_data());
  fs_.drop_unsynced();
  EXPECT_THAT(list(), IsEmpty());
}

TEST_F(FaultFiles, LinkNeedsBothSyncs) {
  for (const bool sync_name : {false, true}) {
    auto file = fs_.open_unnamed(directory_.path()).value();
    ASSERT_TRUE(file->write(as_bytes("blob"), 0));
    ASSERT_TRUE(file->sync_data());
    ASSERT_TRUE(fs_.link(*file, path("b")).value());
    if (sync_name) {
      ASSERT_TRUE(fs_.sync_directory(directory_.path()));
    }
    fs_.drop_unsynced();
    EXPECT_EQ(content("b"), sync_name ? "blob" : "(missing)");
  }
}

TEST_F(FaultFiles, RenameIsUndoneAndWhatItReplacedComesBack) {
  durable("a", "new");
  durable("b", "old");
  ASSERT_TRUE(fs_.rename(path("a"), path("b")));
  fs_.drop_unsynced();
  EXPECT_EQ(content("a"), "new");
  EXPECT_EQ(content("b"), "old");
  ASSERT_TRUE(fs_.rename(path("a"), path("b")));
  ASSERT_TRUE(fs_.sync_directory(directory_.path()));
  fs_.drop_unsynced();
  EXPECT_EQ(content("b"), "new");
  EXPECT_THAT(list(), ElementsAre("b"));
}

TEST_F(FaultFiles, RenameBetweenDirectoriesIsTwoChanges) {
  ASSERT_TRUE(fs_.make_directory(path("from")).value());
  ASSERT_TRUE(fs_.make_directory(path("to")).value());
  ASSERT_TRUE(fs_.sync_directory(directory_.path()));
  durable("from/a", "text");
  ASSERT_TRUE(fs_.rename(path("from/a"), path("to/a")));
  ASSERT_TRUE(fs_.sync_directory(path("to")));
  fs_.drop_unsynced();
  EXPECT_EQ(content("from/a"), "text");
  EXPECT_EQ(content("to/a"), "text");
  ASSERT_TRUE(fs_.remove(path("to/a")).value());
  ASSERT_TRUE(fs_.sync_directory(path("to")));
  ASSERT_TRUE(fs_.rename(path("from/a"), path("to/a")));
  ASSERT_TRUE(fs_.sync_directory(path("from")));
  fs_.drop_unsynced();
  EXPECT_THAT(list("from"), IsEmpty());
  EXPECT_THAT(list("to"), IsEmpty());
}

TEST_F(FaultFiles, RemovedNamesComeBack) {
  durable("a", "text");
  ASSERT_TRUE(fs_.remove(path("a")).value());
  fs_.drop_unsynced();
  EXPECT_EQ(content("a"), "text");
  ASSERT_TRUE(fs_.remove(path("a")).value());
  ASSERT_TRUE(fs_.sync_directory(directory_.path()));
  fs_.drop_unsynced();
  EXPECT_THAT(list(), IsEmpty());
}

TEST_F(FaultFiles, ANewDirectoryNeedsItsParentSynced) {
  ASSERT_TRUE(fs_.make_directory(path("d")).value());
  durable("d/a", "text");
  fs_.drop_unsynced();
  EXPECT_THAT(list(), IsEmpty());
  ASSERT_TRUE(fs_.make_directory(path("d")).value());
  durable("d/a", "text");
  ASSERT_TRUE(fs_.sync_directory(directory_.path() + "/"));
  fs_.drop_unsynced();
  EXPECT_EQ(content("d/a"), "text");
}

TEST_F(FaultFiles, ARemovedTreeComesBackWhole) {
  ASSERT_TRUE(fs_.make_directory(path("d")).value());
  ASSERT_TRUE(fs_.sync_directory(directory_.path()));
  durable("d/a", "text");
  ASSERT_TRUE(fs_.remove(path("d/a")).value());
  ASSERT_TRUE(fs_.remove_directory(path("d")).value());
  fs_.drop_unsynced();
  EXPECT_EQ(content("d/a"), "text");
}

TEST_F(FaultFiles, ARetriedSyncSavesNothing) {
  durable("a", "first");
  auto file = fs_.open(path("a"), OpenMode::read_write).value();
  ASSERT_TRUE(file->write(as_bytes("SECOND"), 0));
  fs_.inject({.at = 1, .only = Call::sync_data});
  ASSERT_FALSE(file->sync_data());
  ASSERT_TRUE(file->sync_data());
  EXPECT_EQ(content("a"), "SECOND");
  fs_.drop_unsynced();
  EXPECT_EQ(content("a"), "first");
}

TEST_F(FaultFiles, LossOfDataAloneKeepsNames) {
  durable("b", "old");
  create("a", "new");
  ASSERT_TRUE(fs_.rename(path("a"), path("b")));
  fs_.drop_unsynced(Loss::data);
  EXPECT_EQ(content("b"), "") << "the classical bug: renamed before it was synced";
  EXPECT_THAT(list(), ElementsAre("b"));
}

TEST_F(FaultFiles, LossOfNamesAloneKeepsData) {
  durable("a", "old");
  ASSERT_TRUE(create("a", "new")->write(as_bytes("er"), 3));
  create("b", "text");
  fs_.drop_unsynced(Loss::names);
  EXPECT_EQ(content("a"), "newer");
  EXPECT_THAT(list(), ElementsAre("a"));
}

TEST_F(FaultFiles, WhatATestChangesBehindItsBackSurvives) {
  durable("a", "text");
  std::ofstream(path("a")) << "rotten";
  std::ofstream(path("b")) << "strange";
  durable("gone", "text");
  std::filesystem::remove(path("gone"));
  fs_.drop_unsynced();
  EXPECT_EQ(content("a"), "rotten");
  EXPECT_EQ(content("b"), "strange");
  EXPECT_EQ(content("gone"), "(missing)");
}

TEST_F(FaultFiles, FilesOfTheDeadProcessChangeNothing) {
  durable("a", "text");
  auto file = fs_.open(path("a"), OpenMode::read_write).value();
  ASSERT_TRUE(file->try_lock().value());
  fs_.drop_unsynced();
  EXPECT_FALSE(file->write(as_bytes("zombie"), 0));
  EXPECT_FALSE(file->truncate(0));
  EXPECT_FALSE(file->sync_data());
  EXPECT_FALSE(fs_.link(*file, path("b")));
  EXPECT_EQ(content("a"), "text");
  EXPECT_TRUE(fs_.open(path("a"), OpenMode::read_write).value()->try_lock().value()) << "its lock died with it";
}

TEST_F(FaultFiles, TimesSurvive) {
  durable("a", "text");
  const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(48);
  std::filesystem::last_write_time(path("a"), long_ago);
  fs_.drop_unsynced();
  EXPECT_EQ(std::filesystem::last_write_time(path("a")), long_ago);
}

TEST_F(FaultFiles, PathsOutsideTheRootAreNotUndone) {
  TemporaryDirectory other;
  auto file = fs_.open(other.path() + "/a", OpenMode::create).value();
  ASSERT_TRUE(file->write(as_bytes("text"), 0));
  ASSERT_TRUE(file->sync_data());
  ASSERT_TRUE(fs_.rename(other.path() + "/a", other.path() + "/b"));
  ASSERT_TRUE(fs_.sync_directory(other.path()));
  fs_.drop_unsynced();
  EXPECT_EQ(base::read_small_file(fs_, other.path() + "/b").value(), "text");
}

TEST_F(FaultFiles, ThreadsMayShareIt) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string name = std::to_string(t) + "-" + std::to_string(i);
        auto file = fs_.open_unnamed(directory_.path()).value();
        EXPECT_TRUE(file->write(as_bytes(name), 0));
        EXPECT_TRUE(file->sync_data());
        EXPECT_TRUE(fs_.link(*file, path(name)).value());
        EXPECT_TRUE(fs_.sync_directory(directory_.path()));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  fs_.drop_unsynced();
  EXPECT_EQ(list().size(), 200U);
  EXPECT_EQ(content("3-49"), "3-49");
  EXPECT_EQ(fs_.calls(), 4U * 50 * 5);
}

}  // namespace
}  // namespace berth::test
