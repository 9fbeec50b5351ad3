#include "api/caller_limits.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace berth::api {

using base::ErrorCode;

namespace {

constexpr double kSecondsHeld = 2;

}  // namespace

double CallerLimits::Buckets::take(std::string_view caller, double rate, base::TimePoint now) {
  auto& synced = shards_[(base::TextHash()(caller) >> 8) % kShards];
  return synced.with([&](Shard& shard) {
    auto found = shard.young.find(caller);
    if (found == shard.young.end()) {
      if (shard.young.size() >= kCallersPerHalf) shard.old = std::exchange(shard.young, {});
      const auto known = shard.old.find(caller);
      const Bucket start = known != shard.old.end() ? known->second : Bucket{rate * kSecondsHeld, now};
      found = shard.young.emplace(std::string(caller), start).first;
    }
    Bucket& bucket = found->second;
    const double passed = std::max(0.0, std::chrono::duration<double>(now - bucket.at).count());
    bucket.left = std::min(rate * kSecondsHeld, bucket.left + passed * rate);
    bucket.at = std::max(now, bucket.at);
    if (bucket.left < 1) return (1 - bucket.left) / rate;
    bucket.left -= 1;
    return 0.0;
  });
}

base::Result<void> CallerLimits::take(Buckets& buckets, std::string_view caller, std::uint64_t rate, base::TimePoint now) {
  if (rate == 0) return {};
  const double wait = buckets.take(caller, static_cast<double>(rate), now);
  if (wait == 0) return {};
  return base::fail(base::Error(ErrorCode::too_many_requests,
                                "more than " + std::to_string(rate) + " requests a second come from you; wait, or ask for less")
                        .with_retry_after(static_cast<unsigned>(std::ceil(wait))));
}

base::Result<void> CallerLimits::request_from(std::string_view address, base::TimePoint now) {
  return take(addresses_, address, options_.requests_per_address, now);
}

base::Result<void> CallerLimits::request_by(std::string_view principal, base::TimePoint now) {
  return take(principals_, principal, options_.requests_per_principal, now);
}

base::Result<std::shared_ptr<void>> CallerLimits::hold(const std::shared_ptr<Counts>& counts, std::string_view caller,
                                                       std::uint64_t limit) {
  if (limit == 0) return nullptr;
  const bool taken = counts->with([&](auto& map) {
    auto found = map.find(caller);
    if (found == map.end()) found = map.emplace(std::string(caller), 0).first;
    if (found->second >= limit) return false;
    ++found->second;
    return true;
  });
  if (!taken) {
    return base::fail(
        base::Error(ErrorCode::too_many_requests,
                    "you have " + std::to_string(limit) + " transfers under way, as many as one caller may; let one end first")
            .with_retry_after(1));
  }
  return std::shared_ptr<void>(counts.get(), [counts, caller = std::string(caller)](void*) {
    counts->with([&](auto& map) {
      const auto found = map.find(caller);
      if (--found->second == 0) map.erase(found);
    });
  });
}

base::Result<std::shared_ptr<void>> CallerLimits::transfer(std::string_view address, std::string_view principal) {
  BERTH_TRY(auto by_address, hold(transfers_of_addresses_, address, options_.transfers_per_address));
  BERTH_TRY(auto by_principal, hold(transfers_of_principals_, principal, options_.transfers_per_principal));
  if (!by_address) return by_principal;
  if (!by_principal) return by_address;
  return std::make_shared<std::pair<std::shared_ptr<void>, std::shared_ptr<void>>>(std::move(by_address),
                                                                                   std::move(by_principal));
}

}  // namespace berth::api
