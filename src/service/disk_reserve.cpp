#include "berth/service/disk_reserve.h"

#include <algorithm>
#include <string>

#include "berth/base/metrics.h"

namespace berth::service {

base::Result<void> DiskReserve::check() {
  const auto now = clock_.now();
  auto seen = seen_.with([](const Seen& s) { return s; });
  if (!seen.valid || now - seen.at >= std::chrono::seconds(1) || now < seen.at) {
    BERTH_TRY(seen.space, store_.space());
    seen.at = now;
    seen.valid = true;
    seen_.with([&](Seen& s) { s = seen; });
    base::metrics::set(base::metrics::Metric::store_free_bytes, static_cast<double>(seen.space.free_bytes));
  }
  const auto reserve = std::max(options_.bytes, seen.space.total_bytes / 100 * options_.percent);
  if (seen.space.free_bytes >= reserve) {
    health_.set_good(HealthCheck::disk_space);
    return {};
  }
  health_.set_bad(HealthCheck::disk_space,
                  "less than the reserve is free; pushes are refused until space is freed or the volume is enlarged");
  return base::fail(base::ErrorCode::storage_full, "the registry's disk has " + std::to_string(seen.space.free_bytes >> 20) +
                                                       " MiB free and keeps " + std::to_string(reserve >> 20) +
                                                       " MiB in reserve; pushes are refused until space is freed");
}

}  // namespace berth::service
