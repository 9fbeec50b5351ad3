// Garbage collection: rows first, bytes after their grace. What is kept, and why, is the catalog's to say (catalog/collection.h).
//
// A round is many small transactions, so that nobody waits long behind one, and is bounded in time and by `rate`; what is left comes
// with the next. Rounds exclude one another. Any thread that may block.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/base/synced.h"
#include "berth/catalog/catalog.h"
#include "berth/catalog/collection.h"
#include "berth/store/blob_store.h"

namespace berth::service {

struct CollectorOptions {
  std::chrono::seconds interval{60};  // between rounds, when there is nothing left to do
  std::chrono::seconds grace{600};    // from the tombstone to the removal of the bytes
  std::chrono::seconds untagged_keep{30 * 24 * 3600};
  std::chrono::seconds undo_window{7 * 24 * 3600};
  std::chrono::seconds pull_days{400L * 24 * 3600};  // 0: for ever
  std::uint64_t rate = 5000;                         // blobs removed in a second, at most
};

// What a round did.
struct CollectorRound {
  catalog::Marked marked;
  std::uint64_t removed_blobs = 0;  // whose bytes went
  std::uint64_t removed_bytes = 0;
  std::uint64_t discarded = 0;  // damaged bytes kept aside of blobs that were healed since, or went
  enum class End : std::uint8_t { done, time_over, share_used } end = End::done;
};

class Collector {
 public:
  Collector(CollectorOptions options, store::BlobStore& store, catalog::Catalog& catalog, const base::Clock& clock)
      : options_(options), store_(store), collection_(catalog.collection()), damage_(catalog.damage()), clock_(clock) {}

  // One round of at most about a second. Errors: busy (another round runs), those of catalog and store.
  base::Result<CollectorRound> run_round();
  // What a round would do now, with examples. Changes nothing.
  [[nodiscard]] base::Result<catalog::Forecast> forecast() const;
  // After a crash, and until it once came to its end: finds files that have no row and never got one. Looks at every file; ends early
  // when stop() was called. Otherwise one read.
  base::Result<void> sweep_if_needed();
  void stop() { stopping_ = true; }
  [[nodiscard]] const CollectorOptions& options() const { return options_; }

 private:
  [[nodiscard]] catalog::KeepRules rules() const { return {options_.untagged_keep, options_.undo_window, options_.pull_days}; }
  base::Result<CollectorRound> collect();
  base::Result<void> sweep_files();
  base::Result<void> mark(CollectorRound& round, std::chrono::steady_clock::time_point until);
  base::Result<void> remove(CollectorRound& round, std::chrono::steady_clock::time_point until);
  base::Result<void> clear_quarantine(CollectorRound& round);
  base::Result<void> measure(const CollectorRound& round);

  CollectorOptions options_;
  store::BlobStore& store_;
  catalog::Collection& collection_;
  catalog::Damage& damage_;
  const base::Clock& clock_;
  base::Synced<bool> running_;
  std::atomic<bool> stopping_{false};
};

}  // namespace berth::service
