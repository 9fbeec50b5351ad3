#include "berth/service/jobs.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "berth/base/log.h"

namespace berth::service {

namespace {

class UploadExpiry final : public Job {
 public:
  UploadExpiry(store::BlobStore& store, const base::Clock& clock, std::chrono::seconds lifetime)
      : store_(store), clock_(clock), lifetime_(lifetime) {}
  [[nodiscard]] std::string_view name() const override { return "upload expiry"; }
  [[nodiscard]] std::chrono::seconds interval() const override {
    return std::clamp(lifetime_ / 24, std::chrono::seconds(1), std::chrono::seconds(3600));
  }
  base::Result<void> run() override {
    BERTH_TRY(const auto count, store_.expire_uploads(clock_.now() - lifetime_));
    if (count > 0) base::log::info("uploads expired", {{"count", count}});
    return {};
  }

 private:
  store::BlobStore& store_;
  const base::Clock& clock_;
  std::chrono::seconds lifetime_;
};

class DiskWatch final : public Job {
 public:
  explicit DiskWatch(DiskReserve& reserve) : reserve_(reserve) {}
  [[nodiscard]] std::string_view name() const override { return "disk watch"; }
  [[nodiscard]] std::chrono::seconds interval() const override { return std::chrono::seconds(10); }
  base::Result<void> run() override {
    auto room = reserve_.check();
    // A full disk is health's to say, and it does.
    if (!room && room.error().code() == base::ErrorCode::storage_full) return {};
    return room;
  }

 private:
  DiskReserve& reserve_;
};

}  // namespace

std::unique_ptr<Job> make_upload_expiry(store::BlobStore& store, const base::Clock& clock, std::chrono::seconds lifetime) {
  return std::make_unique<UploadExpiry>(store, clock, lifetime);
}

std::unique_ptr<Job> make_disk_watch(DiskReserve& reserve) { return std::make_unique<DiskWatch>(reserve); }

struct JobRunner::State {
  using Steady = std::chrono::steady_clock;
  struct Entry {
    std::unique_ptr<Job> job;
    Steady::time_point due;
    bool running = false;
  };
  std::vector<Entry> entries;  // their number does not change
  std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;
  std::vector<std::thread> threads;

  // The one that is due first of those that wait; nullptr when all run.
  Entry* first_waiting() {
    Entry* first = nullptr;
    for (Entry& entry : entries) {
      if (!entry.running && (first == nullptr || entry.due < first->due)) first = &entry;
    }
    return first;
  }

  // At least one thread that waits knows the time of the next job: who takes a job wakes another to look, and who ends one looks itself.
  void loop() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      Entry* const next = first_waiting();
      if (next == nullptr) {
        wake.wait(lock);
      } else if (Steady::now() < next->due) {
        wake.wait_until(lock, next->due);
      } else {
        next->running = true;
        wake.notify_one();
        lock.unlock();
        run(*next->job);
        const auto interval = next->job->interval();
        lock.lock();
        next->due = Steady::now() + interval;
        next->running = false;
      }
    }
  }

  static void run(Job& job) {
    if (auto done = job.run(); !done) {
      base::log::warning("job failed",
                         {{"job", job.name()}, {"reason", done.error().message()}, {"context", done.error().context()}});
    }
  }
};

JobRunner::JobRunner(std::vector<std::unique_ptr<Job>> jobs) : state_(std::make_unique<State>()) {
  for (auto& job : jobs) state_->entries.push_back({std::move(job), State::Steady::now()});
  const auto count = std::min(kJobThreads, state_->entries.size());
  for (std::size_t i = 0; i < count; ++i) state_->threads.emplace_back([state = state_.get()] { state->loop(); });
}

JobRunner::~JobRunner() { stop(); }

void JobRunner::stop() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  for (auto& entry : state_->entries) entry.job->stop();
  for (auto& thread : state_->threads) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace berth::service
