#include "berth/net/loop.h"

#include <algorithm>
#include <future>
#include <memory>
#include <vector>

#include <gmock/gmock.h>

namespace berth::net {
namespace {

using std::chrono::milliseconds;

TEST(Loop, RunsTasksInOrderOnItsThread) {
  const auto loop = Loop::start();
  std::vector<int> order;
  std::promise<void> done;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(loop->post([&order, i] { order.push_back(i); }));
  EXPECT_FALSE(loop->on_thread());
  bool on_thread = false;
  ASSERT_TRUE(loop->post([&] {
    on_thread = loop->on_thread();
    done.set_value();
  }));
  done.get_future().wait();
  EXPECT_TRUE(on_thread);
  EXPECT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Loop, RunsWhatItAcceptedAndRefusesAfterStop) {
  const auto loop = Loop::start();
  int ran = 0;
  int accepted = 0;
  for (int i = 0; i < 1000; ++i) accepted += loop->post([&] { ++ran; }) ? 1 : 0;
  loop->stop();
  EXPECT_EQ(ran, accepted);
  EXPECT_FALSE(loop->post([] {}));
  loop->stop();
}

TEST(Loop, FreesATaskThatItDidNotTake) {
  const auto loop = Loop::start();
  loop->stop();
  auto held = std::make_shared<int>(1);
  EXPECT_FALSE(loop->post([held] {}));
  EXPECT_EQ(held.use_count(), 1);
}

// Runs `f` on the loop and waits for it.
void on(Loop& loop, const std::function<void()>& f) {
  std::promise<void> done;
  ASSERT_TRUE(loop.post([&] {
    f();
    done.set_value();
  }));
  done.get_future().wait();
}

TEST(Deadline, CallsOnceAndInOrder) {
  const auto loop = Loop::start();
  std::vector<int> calls;
  std::promise<void> late;
  std::unique_ptr<Deadline> first;
  std::unique_ptr<Deadline> second;
  std::unique_ptr<Deadline> cleared;
  on(*loop, [&] {
    first = std::make_unique<Deadline>(*loop, [&] { calls.push_back(1); });
    second = std::make_unique<Deadline>(*loop, [&] {
      calls.push_back(2);
      late.set_value();
    });
    cleared = std::make_unique<Deadline>(*loop, [&] { calls.push_back(3); });
    cleared->set(milliseconds(1));
    cleared->clear();
    second->set(milliseconds(40));
    first->set(milliseconds(10'000));
    first->set(milliseconds(1));  // earlier than what it was armed for
  });
  late.get_future().wait();
  on(*loop, [&] {
    EXPECT_THAT(calls, ::testing::ElementsAre(1, 2));
    first.reset();
    second.reset();
    cleared.reset();
  });
}

TEST(Deadline, MovesIntoTheFuture) {
  const auto loop = Loop::start();
  std::vector<int> calls;
  std::promise<void> end;
  std::unique_ptr<Deadline> moved;
  std::unique_ptr<Deadline> mark;
  on(*loop, [&] {
    moved = std::make_unique<Deadline>(*loop, [&] {
      calls.push_back(2);
      end.set_value();
    });
    mark = std::make_unique<Deadline>(*loop, [&] { calls.push_back(1); });
    moved->set(milliseconds(2));
    moved->set(milliseconds(60));
    mark->set(milliseconds(30));
  });
  end.get_future().wait();
  on(*loop, [&] {
    EXPECT_THAT(calls, ::testing::ElementsAre(1, 2));
    moved.reset();
    mark.reset();
  });
}

TEST(Deadline, IsSilentAfterItsEnd) {
  const auto loop = Loop::start();
  bool called = false;
  std::promise<void> end;
  std::unique_ptr<Deadline> mark;
  on(*loop, [&] {
    auto gone = std::make_unique<Deadline>(*loop, [&] { called = true; });
    gone->set(milliseconds(1));
    mark = std::make_unique<Deadline>(*loop, [&] { end.set_value(); });
    mark->set(milliseconds(20));
  });
  end.get_future().wait();
  on(*loop, [&] { mark.reset(); });
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace berth::net
