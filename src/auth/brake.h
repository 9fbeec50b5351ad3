// Slows down who guesses passwords: so many failures a minute for one address and one account, then too_many_requests until the minute
// is over. Keys are not slowed: nobody guesses 256 bits. Bounded memory; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/base/hash.h"
#include "berth/base/synced.h"

namespace berth::auth {

class Brake {
 public:
  static constexpr int kFailuresOfAccount = 10;
  static constexpr int kFailuresOfAddress = 50;

  explicit Brake(const base::Clock& clock) : clock_(clock) {}
  // Errors: too_many_requests with the seconds that are left.
  [[nodiscard]] base::Result<void> check(std::string_view address, std::string_view account) const;
  void count_failure(std::string_view address, std::string_view account);

 private:
  static constexpr std::chrono::seconds kWindow{60};
  static constexpr std::size_t kMost = 50'000;
  // By a name that tells nobody what was typed: people type passwords where their email belongs.
  [[nodiscard]] std::string name_of(char kind, std::string_view text) const;
  struct Window {
    base::TimePoint start;
    int failures = 0;
  };
  using Windows = std::unordered_map<std::string, Window>;
  // Seconds until `name` may try again; 0: now.
  [[nodiscard]] std::int64_t wait_of(const Windows& windows, const std::string& name, int most) const;
  void count(Windows& windows, const std::string& name) const;

  const base::Clock& clock_;
  const std::string secret_ = base::random_bytes(32);
  base::Synced<Windows> windows_;
};

}  // namespace berth::auth
