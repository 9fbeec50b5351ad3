#include "store/directory_sync.h"

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <thread>
#include <vector>

namespace berth::store {
namespace {

using base::ErrorCode;

// A disk whose every sync waits for the test's word.
class SlowDisk {
 public:
  base::Result<void> sync(const std::string& directory) {
    ++started_;
    if (directory == "slow") go_.acquire();
    if (failing_) return base::fail(ErrorCode::io_error, "the disk failed");
    return {};
  }
  void fail_from_now_on(bool failing) { failing_ = failing; }
  void let_go() { go_.release(); }
  void await_started(int count) const {
    while (started_ < count) std::this_thread::yield();
  }
  [[nodiscard]] int started() const { return started_; }

 private:
  std::counting_semaphore<> go_{0};
  std::atomic<int> started_ = 0;
  std::atomic<bool> failing_ = false;
};

class DirectorySyncTest : public ::testing::Test {
 protected:
  // Starts a caller whose result is counted.
  std::jthread call() {
    return std::jthread([this] { (sync_.sync("slow") ? good_ : bad_)++; });
  }
  void await_callers(std::size_t count) const {
    while (sync_.callers() < count) std::this_thread::yield();
  }

  SlowDisk disk_;
  DirectorySync sync_{[this](const std::string& directory) { return disk_.sync(directory); }};
  std::atomic<int> good_ = 0;
  std::atomic<int> bad_ = 0;
};

TEST_F(DirectorySyncTest, EachCallerAloneSyncs) {
  EXPECT_TRUE(sync_.sync("quick"));
  EXPECT_TRUE(sync_.sync("quick"));
  EXPECT_EQ(disk_.started(), 2);
  disk_.fail_from_now_on(true);
  const auto failed = sync_.sync("quick");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::io_error);
  disk_.fail_from_now_on(false);
  EXPECT_TRUE(sync_.sync("quick"));
  EXPECT_EQ(sync_.callers(), 0U);
}

TEST_F(DirectorySyncTest, ThoseWhoComeWhileOneRunsShareTheNext) {
  std::vector<std::jthread> threads;
  threads.push_back(call());
  disk_.await_started(1);
  for (int i = 0; i < 8; ++i) threads.push_back(call());
  await_callers(9);
  EXPECT_EQ(disk_.started(), 1);

  disk_.let_go();  // ends the first; it started before the eight asked, so they need another
  disk_.await_started(2);
  EXPECT_LE(good_, 1);
  disk_.let_go();
  threads.clear();
  EXPECT_EQ(disk_.started(), 2);
  EXPECT_EQ(good_, 9);
}

TEST_F(DirectorySyncTest, AFailureIsForAllWhoWaitedForIt) {
  std::vector<std::jthread> threads;
  threads.push_back(call());
  disk_.await_started(1);
  for (int i = 0; i < 4; ++i) threads.push_back(call());
  await_callers(5);
  disk_.let_go();
  disk_.await_started(2);
  disk_.fail_from_now_on(true);
  disk_.let_go();
  threads.clear();
  EXPECT_EQ(good_, 1);
  EXPECT_EQ(bad_, 4);
  EXPECT_EQ(disk_.started(), 2);  // nobody tried once more
}

TEST_F(DirectorySyncTest, DirectoriesDoNotWaitForEachOther) {
  const std::jthread slow = call();
  disk_.await_started(1);
  EXPECT_TRUE(sync_.sync("quick"));
  EXPECT_EQ(good_, 0);
  disk_.let_go();
}

}  // namespace
}  // namespace berth::store
