// Time as a dependency, so that tests move it by hand.
//
// Wall time, UTC, microseconds; for leases, history and logs. Deadlines on the wire use the event loop's steady timers instead.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace berth::base {

using TimePoint = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;
using Duration = std::chrono::microseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  // Any thread.
  [[nodiscard]] virtual TimePoint now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override;
};

// Stands still until told otherwise. Any thread.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimePoint start) : now_(start.time_since_epoch().count()) {}
  [[nodiscard]] TimePoint now() const override { return TimePoint(Duration(now_.load())); }
  void advance(Duration by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_;
};

// "2026-11-24T17:17:08.123456Z" (RFC 3339).
std::string format_rfc3339(TimePoint time);
inline std::int64_t to_unix_micros(TimePoint time) { return time.time_since_epoch().count(); }
inline TimePoint from_unix_micros(std::int64_t micros) { return TimePoint(Duration(micros)); }

}  // namespace berth::base
