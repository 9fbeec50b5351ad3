// Taking away what nothing needs any more: the rows' half of it. The bytes' half is service/collector.h.
//
// What this is: questions and transactions of garbage collection. A blob without a keeper loses its row and gets a tombstone; a
// tombstone whose grace is over is marked, its bytes are removed, and it goes. What it is not: a decision when; the caller has that.
// Invariant: a blob with a row has its bytes in the store. Therefore bytes are removed only for a tombstone that is marked, and no row
// is made for a digest while its tombstone is marked. (docs/adr/0004-collection.md; the words lease, grace, untagged_keep: HOUSE.md)
// Threads: any worker, as Catalog; but begin_removal() … end_removal() belong to one collector at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/oci/digest.h"
#include "berth/oci/names.h"

namespace berth::catalog {

struct KeepRules {
  base::Duration untagged_keep;  // a manifest without tag, index and subject stays this long after its last push, tag or pull
  base::Duration undo_window;    // what was deleted may be restored this long; events are told of for the longer of the two
  base::Duration pull_days{0};   // counts of pulls by day are kept this long; 0: for ever
};

// What went, or would go.
struct Marked {
  std::uint64_t reviewed = 0;   // rows looked at, kept ones included
  std::uint64_t manifests = 0;  // untagged, untagged_keep over
  std::uint64_t links = 0;      // blobs taken out of one repository
  std::uint64_t blobs = 0;      // blobs that got a tombstone
  std::uint64_t blob_bytes = 0;
  std::uint64_t expired = 0;    // deleted manifests and repositories that can no longer be restored
  std::uint64_t pull_days = 0;  // counts of pulls on one day
  std::uint64_t events = 0;     // of the history, whose subjects can no longer be restored
  bool more = false;            // a queue was not read to its end

  // Adds a later part of the same round.
  Marked& operator+=(const Marked& part) {
    reviewed += part.reviewed;
    manifests += part.manifests;
    links += part.links;
    blobs += part.blobs;
    blob_bytes += part.blob_bytes;
    expired += part.expired;
    pull_days += part.pull_days;
    events += part.events;
    more = part.more;
    return *this;
  }
};

struct Candidate {
  enum class Kind : std::uint8_t { manifest, blob } kind = Kind::blob;
  std::string repository;  // of a manifest
  std::string digest;
  std::uint64_t size = 0;
};
// Tombstones whose bytes are still there.
struct Waiting {
  std::uint64_t blobs = 0;
  std::uint64_t bytes = 0;
};
struct Forecast {
  Marked total;
  std::vector<Candidate> first;  // some of them, as examples
  Waiting waiting;
};

struct BlobFile {
  oci::Digest digest;
  std::uint64_t size = 0;
};

class Collection {
 public:
  virtual ~Collection() = default;

  // Asks up to `limit` rows of each queue whether they are kept, and takes away those that are not: one transaction, which makes other
  // writers wait for its length. Errors: those of writing.
  virtual base::Result<Marked> mark(const KeepRules& rules, std::size_t limit) = 0;
  // What mark() would do now, with at most `examples` examples. Reads only; its cost is that of the queues' due ends.
  [[nodiscard]] virtual base::Result<Forecast> forecast(const KeepRules& rules, std::size_t examples) = 0;

  // Its cost is that of what waits.
  [[nodiscard]] virtual base::Result<Waiting> count_waiting() = 0;

  // Marks at most `limit` tombstones set at or before `deleted_before`, those that a crash left marked among them. The caller removes
  // their bytes, durably or not, and then calls end_removal().
  virtual base::Result<std::vector<BlobFile>> begin_removal(base::TimePoint deleted_before, std::size_t limit) = 0;
  virtual base::Result<void> end_removal(std::span<const BlobFile> removed) = 0;
  // Files that have neither row nor tombstone get a tombstone: a crash left them between their name and their row. How many got one.
  virtual base::Result<std::uint64_t> bury_unknown(std::span<const BlobFile> files) = 0;
  // Whether a run was cut off since end_sweep() was last called, so that there may be such files.
  [[nodiscard]] virtual base::Result<bool> needs_sweep() = 0;
  virtual base::Result<void> end_sweep() = 0;

  // Before bytes get their blob's name: what is known of the digest is kept for a lease from now on. Normally one read and no write.
  // Errors: busy (its bytes are being removed at this moment; ask again).
  virtual base::Result<void> protect_blob(const oci::Digest& digest) = 0;
  // As Catalog::find_blob, and a sign of life: the lease is renewed when that is worth a write (src/catalog/leases.h).
  virtual base::Result<std::optional<std::uint64_t>> find_and_renew_blob(const oci::RepositoryName& repository,
                                                                         const oci::Digest& digest) = 0;
};

}  // namespace berth::catalog
