// Bounds that several connections or moments share: a token bucket, a budget of bytes, and delays that do not end together.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace berth::http {

// `burst` tokens at the start and at most, and `per_second` new ones. One thread.
class TokenBucket {
 public:
  struct Rate {
    double burst = 0;
    double per_second = 0;
  };
  using Clock = std::chrono::steady_clock;

  explicit TokenBucket(Rate rate) : rate_(rate), tokens_(rate.burst) {}

  // False when there is none. Looks at the clock only then, so that the usual case costs a subtraction.
  bool take() {
    if (tokens_ < 1) refill(Clock::now());
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }
  // What useful traffic earns.
  void earn(double tokens) { tokens_ = std::min(rate_.burst, tokens_ + tokens); }

 private:
  void refill(Clock::time_point now) {
    earn(rate_.per_second * std::chrono::duration<double>(now - filled_).count());
    filled_ = now;
  }

  Rate rate_;
  double tokens_;
  Clock::time_point filled_ = Clock::now();
};

// Bytes that may be promised or held over all connections. Any thread.
class ByteBudget {
 public:
  explicit ByteBudget(std::uint64_t total) : total_(total) {}

  // All of them or none.
  bool take(std::uint64_t bytes) {
    std::uint64_t used = used_.load(std::memory_order_relaxed);
    while (bytes <= total_ && used <= total_ - bytes) {
      if (used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed)) return true;
    }
    return false;
  }
  void give(std::uint64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  const std::uint64_t total_;
  std::atomic<std::uint64_t> used_{0};
};

// Delays for many who were told to wait at once, so that they are not back at once. Any thread.
class Spread {
 public:
  // `least` or up to half as long again. However many are asked for in a row, they lie evenly over that span.
  std::chrono::milliseconds next(std::chrono::milliseconds least) {
    constexpr std::uint32_t kGoldenRatio = 0x9e3779b9;  // of 2^32
    const std::uint32_t place = kGoldenRatio * count_.fetch_add(1, std::memory_order_relaxed);
    return least + least * (place >> 16) / (2 << 16);
  }

 private:
  std::atomic<std::uint32_t> count_{0};
};

}  // namespace berth::http
