#include "berth/base/workers.h"

#include <pthread.h>

#include <algorithm>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "berth/base/log.h"
#include "berth/base/metrics.h"
#include "berth/base/synced.h"

namespace berth::base {

namespace {

// What a catch-all must do: say it and go on with the next job.
void run_job(const Workers::Job& job) {
  try {
    job();
  } catch (const std::exception& e) {
    log::error("a worker's job threw", {{"what", e.what()}});
  } catch (...) {
    log::error("a worker's job threw", {{"what", "not a std::exception"}});
  }
}

}  // namespace

struct Workers::State {
  struct Queue {
    std::deque<Job> jobs;
    std::size_t busy = 0;
    bool stopped = false;
  };

  explicit State(std::size_t limit) : queue_limit(limit) {}

  const std::size_t queue_limit;
  Synced<Queue> queue;
  std::mutex join_mutex;  // stop() may be called by two threads
  std::vector<std::thread> threads;

  // The next job, or nothing when stopped and drained.
  std::optional<Job> take() {
    return queue.wait([](const Queue& q) { return q.stopped || !q.jobs.empty(); },
                      [](Queue& q) -> std::optional<Job> {
                        if (q.jobs.empty()) return std::nullopt;
                        Job job = std::move(q.jobs.front());
                        q.jobs.pop_front();
                        ++q.busy;
                        return job;
                      });
  }

  void work() {
    while (std::optional<Job> job = take()) {
      metrics::add(metrics::Metric::workers_queued, -1);
      metrics::add(metrics::Metric::workers_busy, 1);
      run_job(*job);
      job.reset();  // what the job holds goes before the thread counts as free
      metrics::add(metrics::Metric::workers_busy, -1);
      queue.with([](Queue& q) { --q.busy; });
    }
  }

  bool submit(Job job, std::size_t limit) {
    const bool queued = queue.with([&](Queue& q) {
      if (q.stopped || q.jobs.size() >= limit) return false;
      q.jobs.push_back(std::move(job));
      metrics::add(metrics::Metric::workers_queued, 1);
      return true;
    });
    if (queued) queue.notify_one();
    return queued;
  }
};

Workers::Workers(std::size_t threads, std::size_t queue_limit) : state_(std::make_unique<State>(queue_limit)) {
  const std::size_t count = std::max<std::size_t>(threads, 1);
  state_->threads.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    state_->threads.emplace_back([state = state_.get()] { state->work(); });
    pthread_setname_np(state_->threads.back().native_handle(), "berth-worker");
  }
}

Workers::~Workers() { stop(); }

bool Workers::try_submit(Job job) { return state_->submit(std::move(job), state_->queue_limit); }

bool Workers::submit_continuation(Job job) { return state_->submit(std::move(job), static_cast<std::size_t>(-1)); }

void Workers::stop() {
  state_->queue.with([](State::Queue& q) { q.stopped = true; });
  state_->queue.notify_all();
  std::lock_guard lock(state_->join_mutex);
  for (std::thread& thread : state_->threads) {
    if (thread.joinable()) thread.join();
  }
}

std::size_t Workers::queued() const {
  return std::as_const(state_->queue).with([](const State::Queue& q) { return q.jobs.size(); });
}

std::size_t Workers::busy() const {
  return std::as_const(state_->queue).with([](const State::Queue& q) { return q.busy; });
}

}  // namespace berth::base
