// One place that measures how long the disk takes to make something durable.
#pragma once

#include <chrono>

#include "berth/base/metrics.h"

namespace berth::store {

// Runs a sync and records its seconds, whether it worked or not.
template <typename Sync>
auto timed_sync(Sync&& sync) {
  const auto start = std::chrono::steady_clock::now();
  auto result = sync();
  base::metrics::observe(base::metrics::Metric::store_sync_seconds,
                         std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return result;
}

}  // namespace berth::store
