// A value and the lock that guards it; there is no way to the one without the other.
//
//   Synced<std::deque<Job>> queue;
//   queue.with([&](auto& q) { q.push_back(job); });
//
// A loop thread may take it only where nobody holds it across disk or SQL.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace berth::base {

template <typename T>
class Synced {
 public:
  Synced() = default;
  explicit Synced(T value) : value_(std::move(value)) {}

  template <typename F>
  decltype(auto) with(F&& f) {
    std::lock_guard lock(mutex_);
    return std::forward<F>(f)(value_);
  }
  template <typename F>
  decltype(auto) with(F&& f) const {
    std::lock_guard lock(mutex_);
    return std::forward<F>(f)(static_cast<const T&>(value_));
  }
  // Waits until ready(value), then runs f(value), both under the lock. Pair with notify after a change.
  template <typename Ready, typename F>
  decltype(auto) wait(Ready&& ready, F&& f) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ready(value_); });
    return std::forward<F>(f)(value_);
  }
  // As wait(), but not longer than `timeout`: f(value) runs in either case and looks for itself what it finds.
  template <typename Rep, typename Period, typename Ready, typename F>
  decltype(auto) wait_for(std::chrono::duration<Rep, Period> timeout, Ready&& ready, F&& f) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [&] { return ready(value_); });
    return std::forward<F>(f)(value_);
  }
  void notify_one() { changed_.notify_one(); }
  void notify_all() { changed_.notify_all(); }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  T value_{};
};

}  // namespace berth::base
