#include "berth/base/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace berth::base {
namespace {

// A job that stands until it is let go; wait() returns once it runs.
class Gate {
 public:
  Workers::Job job() {
    return [this] {
      entered_.set_value();
      opened_.get_future().wait();
    };
  }
  void wait() { entered_.get_future().wait(); }
  void open() { opened_.set_value(); }

 private:
  std::promise<void> entered_;
  std::promise<void> opened_;
};

TEST(Workers, RunEverythingBeforeTheyEnd) {
  std::atomic<int> ran{0};
  {
    Workers workers(3, 1000);
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(workers.try_submit([&] { ++ran; }));
  }
  EXPECT_EQ(ran, 500);
}

TEST(Workers, RefuseBeyondTheLimitButTakeContinuations) {
  Workers workers(1, 2);
  Gate gate;
  std::atomic<int> ran{0};
  ASSERT_TRUE(workers.try_submit(gate.job()));
  gate.wait();
  EXPECT_EQ(workers.busy(), 1U);
  EXPECT_TRUE(workers.try_submit([&] { ++ran; }));
  EXPECT_TRUE(workers.try_submit([&] { ++ran; }));
  EXPECT_FALSE(workers.try_submit([&] { ++ran; }));
  EXPECT_TRUE(workers.submit_continuation([&] { ++ran; }));
  EXPECT_EQ(workers.queued(), 3U);
  gate.open();
  workers.stop();
  EXPECT_EQ(ran, 3);
  EXPECT_EQ(workers.queued(), 0U);
  EXPECT_EQ(workers.busy(), 0U);
}

TEST(Workers, RunInTheOrderOfTheirQueue) {
  std::vector<int> order;
  {
    Workers workers(1, 100);
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(workers.try_submit([&order, i] { order.push_back(i); }));
  }
  ASSERT_EQ(order.size(), 50U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Workers, RefuseEverythingAfterStop) {
  Workers workers(2, 10);
  workers.stop();
  workers.stop();
  EXPECT_FALSE(workers.try_submit([] {}));
  EXPECT_FALSE(workers.submit_continuation([] {}));
}

TEST(Workers, StopMayBeCalledByManyThreads) {
  Workers workers(2, 10);
  std::atomic<int> ran{0};
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(workers.try_submit([&] { ++ran; }));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { workers.stop(); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ran, 5);
}

TEST(Workers, SurviveAJobThatThrows) {
  testing::internal::CaptureStderr();
  std::atomic<bool> ran{false};
  {
    Workers workers(1, 10);
    ASSERT_TRUE(workers.try_submit([] { throw std::runtime_error("oops"); }));
    ASSERT_TRUE(workers.try_submit([] { throw 7; }));
    ASSERT_TRUE(workers.try_submit([&] { ran = true; }));
  }
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(ran);
  EXPECT_NE(log.find("oops"), std::string::npos) << log;
}

TEST(Workers, DropWhatAJobHoldsWhenItIsDone) {
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = held;
  Workers workers(1, 10);
  ASSERT_TRUE(workers.try_submit([held = std::move(held)] {}));
  workers.stop();
  EXPECT_TRUE(watch.expired());
}

TEST(Workers, AtLeastOneThread) {
  std::promise<void> done;
  Workers workers(0, 1);
  ASSERT_TRUE(workers.try_submit([&] { done.set_value(); }));
  done.get_future().wait();
}

}  // namespace
}  // namespace berth::base
