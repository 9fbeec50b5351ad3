// The rules of collection as functions over a connection: who is kept, and what happens to the rest. The writing ones run inside the
// caller's write transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "berth/catalog/collection.h"
#include "catalog/leases.h"
#include "catalog/sqlite.h"

namespace berth::catalog {

// The time of a round and what it was told to keep, as the rows have it.
struct Round {
  Round(const KeepRules& rules, const Leases& lease_rules, std::int64_t at)
      : leases(lease_rules),
        now(at),
        untagged_keep(rules.untagged_keep.count()),
        undo_window(rules.undo_window.count()),
        pull_days(rules.pull_days.count()) {}
  const Leases& leases;
  std::int64_t now;
  std::int64_t untagged_keep;
  std::int64_t undo_window;
  std::int64_t pull_days;
};

// Each looks at up to `limit` rows and adds what it did to `marked`.
base::Result<void> collect_trash(Connection& connection, const Round& round, std::size_t limit, Marked& marked);
base::Result<void> collect_repositories(Connection& connection, const Round& round, std::size_t limit, Marked& marked);
base::Result<void> collect_manifests(Connection& connection, const Round& round, std::size_t limit, Marked& marked);
base::Result<void> collect_blobs(Connection& connection, const Round& round, std::size_t limit, Marked& marked);

// What the last two would do; reads only, one row at a time.
base::Result<void> forecast_manifests(Connection& connection, const Round& round, std::size_t examples, Forecast& forecast);
base::Result<void> forecast_blobs(Connection& connection, const Round& round, std::size_t examples, Forecast& forecast);
base::Result<Waiting> count_waiting(Connection& connection);

// The manifest stops keeping its blobs: whoever was told that they are here before `at` has a lease's time from then.
base::Result<void> release_blobs(Connection& connection, const Leases& leases, std::int64_t manifest, std::int64_t at);

// A blob's tombstone, if it has one.
struct Tombstone {
  std::int64_t size = 0;
  bool being_removed = false;
};
base::Result<std::optional<Tombstone>> find_tombstone(Connection& connection, std::string_view digest);
base::Error being_removed();  // busy
// The blob is wanted again: its tombstone goes. False when it has none. Errors: busy (its bytes are being removed).
base::Result<bool> take_back(Connection& connection, std::string_view digest);

}  // namespace berth::catalog
