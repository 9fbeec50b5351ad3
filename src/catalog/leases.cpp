#include "catalog/leases.h"

#include <algorithm>

#include "berth/base/log.h"
#include "catalog/sqlite.h"

namespace berth::catalog {

using base::ErrorCode;
using base::fail;
using base::Result;

Leases::Leases(std::int64_t length, std::int64_t extension, std::int64_t extended_up_to)
    : length_(length), patience_(std::min(kHour, length / 24)), extension_(extension), extended_up_to_(extended_up_to) {}

Result<Leases> Leases::start(Connection& connection, base::Duration length, base::TimePoint now_point) {
  const std::int64_t now = base::to_unix_micros(now_point);
  BERTH_TRY(auto transaction, Transaction::begin(connection, Connection::Access::write));
  bool clean = false;
  std::int64_t previous_length = 0;
  std::int64_t extension = 0;
  std::int64_t extended_up_to = 0;
  {
    BERTH_TRY(auto rows, connection.query(Query::find_state, {}));
    BERTH_TRY(const bool found, rows.next());
    if (!found) return fail(ErrorCode::corrupt, "the catalog lacks its state row");
    clean = rows.integer(0) != 0;
    previous_length = rows.integer(1);
    extension = rows.integer(2);
    extended_up_to = rows.integer(3);
  }
  if (!clean) {
    const bool earlier_still_runs = now < extended_up_to + extension;
    extension = earlier_still_runs ? std::min(extension + length.count(), kMaxExtensions * length.count()) : length.count();
    extended_up_to = now + std::max(length.count(), previous_length);
    base::log::warning("the last run did not end cleanly: leases are extended",
                       {{"extension_seconds", extension / 1'000'000}, {"leases_up_to", extended_up_to}});
  }
  BERTH_TRY([[maybe_unused]] const auto changed, connection.run(Query::set_state, {length.count(), extension, extended_up_to}));
  if (!clean) {
    BERTH_TRY([[maybe_unused]] const auto noted, connection.run(Query::set_swept, {std::int64_t{0}}));
  }
  BERTH_CHECK_OK(transaction.commit());
  return Leases(length.count(), extension, extended_up_to);
}

}  // namespace berth::catalog
