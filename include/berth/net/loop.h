// An event loop on its own thread, and deadlines on it.
//
// What this is: the place where all callbacks of net run. Whoever owns a connection owns it on one loop and touches it there alone, so
// sessions need no locks. What it is not: a place to wait. A task never blocks on disk, SQL, or a lock held across either.
//
// Signals are blocked on the loop's thread (SIGPIPE too, which sendfile(2) would raise), so that the main thread gets them.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace berth::net {

class Loop {
 public:
  using Task = std::function<void()>;

  // A loop whose thread runs.
  static std::shared_ptr<Loop> start();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs `task` on the loop's thread, in the order of the calls and never inside this call. False after stop(): the task will not
  // run. Any thread; never blocks.
  [[nodiscard]] bool post(Task task);
  // Whether the caller runs on this loop.
  [[nodiscard]] bool on_thread() const;
  // Refuses new tasks, runs those that were accepted, closes the connections that are left, tells their callbacks, and joins the
  // thread. Idempotent. Any thread but the loop's own.
  void stop();

  // The event loop's insides, for net alone.
  struct Core;
  [[nodiscard]] Core& core() { return *core_; }

 private:
  Loop();
  std::unique_ptr<Core> core_;
};

// Calls back once when a time has passed without being set anew or cleared. Setting is cheap (no system call while it moves into the
// future), so that every read may set it. Made and used on the loop thread; after the destructor there is no call. What was cleared may be
// destroyed on any thread: the last owner of a session can be a worker's job.
class Deadline {
 public:
  // `expired` must not own whoever owns the deadline (capture a weak_ptr): a loop that stops forgets its timers.
  Deadline(Loop& loop, std::function<void()> expired);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  void set(std::chrono::milliseconds from_now);
  void clear();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace berth::net
