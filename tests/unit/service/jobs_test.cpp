// The runner of jobs: that none holds up another, and that all end when they are told to.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>

#include "berth/base/synced.h"
#include "berth/service/jobs.h"

namespace berth::service {
namespace {

using std::chrono::seconds;

// What a job under test did, seen from outside.
struct Seen {
  int rounds = 0;
  int at_once = 0;
  int most_at_once = 0;
  bool stopped = false;
};

class TestJob final : public Job {
 public:
  using Round = std::function<base::Result<void>(base::Synced<Seen>&)>;
  TestJob(base::Synced<Seen>& seen, Round round) : seen_(seen), round_(std::move(round)) {}

  [[nodiscard]] std::string_view name() const override { return "test"; }
  [[nodiscard]] std::chrono::seconds interval() const override { return seconds(0); }
  base::Result<void> run() override {
    seen_.with([](Seen& seen) {
      ++seen.rounds;
      seen.most_at_once = std::max(seen.most_at_once, ++seen.at_once);
    });
    seen_.notify_all();
    auto done = round_(seen_);
    seen_.with([](Seen& seen) { --seen.at_once; });
    return done;
  }
  void stop() override {
    seen_.with([](Seen& seen) { seen.stopped = true; });
    seen_.notify_all();
  }

 private:
  base::Synced<Seen>& seen_;
  Round round_;
};

base::Result<void> short_round(base::Synced<Seen>&) { return {}; }
base::Result<void> until_stopped(base::Synced<Seen>& seen) {
  seen.wait([](const Seen& now) { return now.stopped; }, [](Seen&) {});
  return {};
}

int wait_for_rounds(base::Synced<Seen>& seen, int count) {
  return seen.wait_for(seconds(60), [&](const Seen& now) { return now.rounds >= count; }, [](Seen& now) { return now.rounds; });
}

TEST(JobRunner, JobsThatTakeLongHoldUpNoOther) {
  std::array<base::Synced<Seen>, kJobThreads - 1> busy;
  base::Synced<Seen> brief;
  std::vector<std::unique_ptr<Job>> jobs;
  for (auto& seen : busy) jobs.push_back(std::make_unique<TestJob>(seen, until_stopped));
  jobs.push_back(std::make_unique<TestJob>(brief, short_round));
  JobRunner runner(std::move(jobs));
  for (auto& seen : busy) EXPECT_EQ(wait_for_rounds(seen, 1), 1);
  EXPECT_GE(wait_for_rounds(brief, 100), 100);
}

TEST(JobRunner, AJobIsNeverInTwoThreads) {
  std::array<base::Synced<Seen>, 2> seen;
  std::vector<std::unique_ptr<Job>> jobs;
  for (auto& each : seen) jobs.push_back(std::make_unique<TestJob>(each, short_round));
  {
    JobRunner runner(std::move(jobs));
    for (auto& each : seen) EXPECT_GE(wait_for_rounds(each, 1000), 1000);
  }
  for (auto& each : seen) EXPECT_EQ(each.with([](const Seen& now) { return now.most_at_once; }), 1);
}

TEST(JobRunner, MoreJobsThanThreadsAllHaveTheirTurn) {
  std::array<base::Synced<Seen>, 3 * kJobThreads> seen;
  std::vector<std::unique_ptr<Job>> jobs;
  for (auto& each : seen) jobs.push_back(std::make_unique<TestJob>(each, short_round));
  JobRunner runner(std::move(jobs));
  for (auto& each : seen) EXPECT_GE(wait_for_rounds(each, 10), 10);
}

TEST(JobRunner, AJobThatFailsComesBack) {
  base::Synced<Seen> seen;
  std::vector<std::unique_ptr<Job>> jobs;
  jobs.push_back(std::make_unique<TestJob>(
      seen, [](auto&) -> base::Result<void> { return base::fail(base::ErrorCode::io_error, "the disk failed"); }));
  JobRunner runner(std::move(jobs));
  EXPECT_GE(wait_for_rounds(seen, 3), 3);
}

TEST(JobRunner, StopEndsARoundThatRuns) {
  base::Synced<Seen> seen;
  std::vector<std::unique_ptr<Job>> jobs;
  jobs.push_back(std::make_unique<TestJob>(seen, until_stopped));
  JobRunner runner(std::move(jobs));
  ASSERT_EQ(wait_for_rounds(seen, 1), 1);
  runner.stop();
  EXPECT_EQ(seen.with([](const Seen& now) { return now.rounds; }), 1);
  runner.stop();  // once more changes nothing
}

TEST(JobRunner, WithoutJobsThereIsNothingToWaitFor) { JobRunner({}).stop(); }

}  // namespace
}  // namespace berth::service
