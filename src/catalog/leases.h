// How long a blob that nothing references is kept: HOUSE.md, Durability.
//
// A blob's row says leased_until, raw. A lease is renewed by a push, mount or dedupe hit, but written at most once an hour, and not at
// all while a manifest of that repository keeps the blob anyhow.
//
// After an unclean start all leases last one lease length longer: clients were cut off in the middle and get their time again. That
// costs no pass over the rows, so a start takes as long with a million blobs as with none. A lease written before the start at time T
// ends at or before T + length, so the pair (extended_up_to = T + length, extension = length) in catalog_state says it for all:
//
//   effective(leased_until) = leased_until + (leased_until <= extended_up_to ? extension : 0)
//
// Whoever collects compares the effective end; in SQL it is the same sum over two columns of catalog_state. A second unclean start,
// while leases that the first one extended may still run, adds to the extension, up to kMaxExtensions, so that a daemon in a crash
// loop does not stop collection for ever; leases written between the two get more than their due, which harms nobody.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "berth/base/clock.h"
#include "berth/base/error.h"

namespace berth::catalog {

class Connection;

class Leases {
 public:
  // Reads what the last run left, extends if it did not end cleanly, and notes that a run has begun. One small transaction.
  static base::Result<Leases> start(Connection& connection, base::Duration length, base::TimePoint now);

  // The end of a lease that begins now.
  [[nodiscard]] std::int64_t fresh(std::int64_t now) const { return now + length_; }
  // When a lease whose row says `leased_until` ends.
  [[nodiscard]] std::int64_t effective(std::int64_t leased_until) const {
    return leased_until + (leased_until <= extended_up_to_ ? extension_ : 0);
  }
  // Whether a sign of life now is worth a write: the lease is older than an hour (or a 24th of its length, if that is shorter: a lease
  // of seconds, as in tests, must be renewed within its life).
  [[nodiscard]] bool worth_renewing(std::int64_t leased_until, std::int64_t now) const {
    return effective(leased_until) < fresh(now) - patience_;
  }

 private:
  static constexpr int kMaxExtensions = 8;
  static constexpr std::int64_t kHour = 3'600'000'000;

  Leases(std::int64_t length, std::int64_t extension, std::int64_t extended_up_to);

  std::int64_t length_;
  std::int64_t patience_;
  std::int64_t extension_;
  std::int64_t extended_up_to_;
};

}  // namespace berth::catalog
