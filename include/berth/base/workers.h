// A fixed number of threads behind one bounded queue: disk, SQL and hashing happen here.
//
// A job never waits for a network peer. A job must not throw; one that does is logged and dropped (the one catch-all).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace berth::base {

class Workers {
 public:
  using Job = std::function<void()>;

  // `threads` ≥ 1 threads, at most `queue_limit` jobs waiting.
  Workers(std::size_t threads, std::size_t queue_limit);
  // Runs what is queued, then joins.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // False when the queue is full or stop() was called: say 503 and try again. Any thread; never blocks.
  [[nodiscard]] bool try_submit(Job job);
  // Queues without regard to the limit; for the next step of a stream that already runs, so that what was begun can end.
  // False only after stop(). Any thread; never blocks.
  [[nodiscard]] bool submit_continuation(Job job);
  // Refuses new jobs, runs what is queued and waits for it. Idempotent.
  void stop();

  [[nodiscard]] std::size_t queued() const;
  [[nodiscard]] std::size_t busy() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace berth::base
