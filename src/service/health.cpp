#include "berth/service/health.h"

#include "berth/base/log.h"
#include "berth/base/metrics.h"

namespace berth::service {

namespace {
constexpr HealthCheck kAll[] = {HealthCheck::disk_space, HealthCheck::storage, HealthCheck::catalog, HealthCheck::content};
}

std::string_view health_check_name(HealthCheck check) {
  switch (check) {
    case HealthCheck::disk_space: return "disk_space";
    case HealthCheck::storage: return "storage";
    case HealthCheck::catalog: return "catalog";
    case HealthCheck::content: return "content";
  }
  return "unknown";
}

Health::Health() {
  for (const auto check : kAll) base::metrics::set(base::metrics::Metric::health, 1, {health_check_name(check)});
}

void Health::set_good(HealthCheck check) {
  const bool changed = state_.with([&](State& s) { return s.bad.erase(check) > 0; });
  if (!changed) return;
  base::metrics::set(base::metrics::Metric::health, 1, {health_check_name(check)});
  base::log::info("health check is good again", {{"check", health_check_name(check)}});
}

void Health::set_bad(HealthCheck check, std::string reason) {
  const bool changed = state_.with([&](State& s) { return s.bad.insert_or_assign(check, reason).second; });
  if (!changed) return;
  base::metrics::set(base::metrics::Metric::health, 0, {health_check_name(check)});
  base::log::error("health check turned bad", {{"check", health_check_name(check)}, {"reason", reason}});
}

void Health::report(const base::Error& error) {
  if (error.code() == base::ErrorCode::storage_full) {
    set_bad(HealthCheck::disk_space, "a write found the disk full; free space or enlarge the volume of the data directory");
  } else if (error.code() == base::ErrorCode::io_error || error.code() == base::ErrorCode::corrupt) {
    set_bad(HealthCheck::storage, "the storage failed (" + error.context() + "); check the disk, then restart");
  }
}

std::vector<HealthState> Health::states() const {
  return state_.with([](const State& s) {
    std::vector<HealthState> all;
    for (const auto check : kAll) {
      const auto found = s.bad.find(check);
      all.push_back({check, found == s.bad.end(), found == s.bad.end() ? std::string() : found->second});
    }
    return all;
  });
}

bool Health::good() const {
  return state_.with([](const State& s) { return s.bad.empty(); });
}

bool Health::good(HealthCheck check) const {
  return state_.with([&](const State& s) { return !s.bad.contains(check); });
}

void Health::set_draining() {
  state_.with([](State& s) { s.draining = true; });
}

bool Health::draining() const {
  return state_.with([](const State& s) { return s.draining; });
}

base::Result<void> CatalogProbe::run() const {
  auto alive = catalog_.ping();
  if (alive) {
    health_.set_good(HealthCheck::catalog);
  } else {
    health_.set_bad(HealthCheck::catalog, "the catalog does not answer: " + alive.error().context());
  }
  return alive;
}

}  // namespace berth::service
