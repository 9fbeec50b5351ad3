#include "berth/service/write_gate.h"

#include "berth/base/log.h"
#include "berth/base/metrics.h"

namespace berth::service {

namespace {
// The catalog tries to recover every second; a client that comes back a little later finds out.
constexpr unsigned kRetryAfterSeconds = 5;
}  // namespace

base::Result<void> WriteGate::check() const {
  if (set_by_operator()) {
    note(true);
    return base::fail(base::ErrorCode::read_only, "the registry is read-only: its operator has set read_only; pulls go on");
  }
  const auto writable = catalog_.check_writable();
  note(!writable);
  if (writable) return {};
  return base::fail(base::Error(base::ErrorCode::read_only,
                                "the registry is read-only because its catalog's disk failed; pulls go on, and nothing that was "
                                "acknowledged is lost. Its operator finds the remedy under /healthz")
                        .in(writable.error().context())
                        .with_retry_after(kRetryAfterSeconds));
}

void WriteGate::note(bool closed) const {
  const int now = closed ? 1 : 0;
  const int before = last_.exchange(now);
  if (before == now) return;
  base::metrics::set(base::metrics::Metric::read_only, now);
  if (closed) base::log::warning("the registry is read-only", {{"by_setting", set_by_operator()}});
  if (!closed && before == 1) base::log::info("the registry takes pushes again");
}

}  // namespace berth::service
