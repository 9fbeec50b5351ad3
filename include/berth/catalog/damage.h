// What is known to be damaged, and how far the scrub has come.
//
// What this is: a register of blobs whose bytes are not what their digest says. While a blob is in it, Catalog::find_blob() answers
// corrupt and mount_blob() finds nothing; Catalog::link_blob(), which follows a push, takes it out in the same transaction. What it is
// not: the looking, and the moving of bytes (service/integrity.h). Durable like every row. Threads: any worker; blocks on disk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/oci/digest.h"

namespace berth::catalog {

// A blob's row as it stands in the database: the digest is text, since the database may be what is damaged.
struct BlobRecord {
  std::string digest;
  std::uint64_t size = 0;
  bool known_damaged = false;
};

struct DamagedBlob {
  std::string digest;
  base::TimePoint found_at;
  std::string reason;
};

// A pass through all blobs in the order of their digests.
struct ScrubProgress {
  std::string position;         // everything up to here was looked at, "" at the start of a pass
  base::TimePoint started_at;   // of the pass that runs or ran last; the epoch when there was none
  base::TimePoint finished_at;  // the epoch while it runs
};

class Damage {
 public:
  virtual ~Damage() = default;

  // Enters the blob; keeps the first reason. False when no such blob is on record (any more).
  virtual base::Result<bool> record(const oci::Digest& digest, std::string_view reason) = 0;
  // Takes it out: its bytes were found good. No error when it was not there.
  virtual base::Result<void> clear(const oci::Digest& digest) = 0;
  [[nodiscard]] virtual base::Result<bool> contains(const oci::Digest& digest) = 0;
  [[nodiscard]] virtual base::Result<std::uint64_t> count() = 0;
  // In the order of their digests, after `after`, at most `limit`.
  [[nodiscard]] virtual base::Result<std::vector<DamagedBlob>> list(std::string_view after, std::size_t limit) = 0;

  // Blobs on record, damaged or not, in the order of their digests, after `after`, at most `limit`.
  [[nodiscard]] virtual base::Result<std::vector<BlobRecord>> list_blobs(std::string_view after, std::size_t limit) = 0;
  // What the database itself finds wrong with its pages and with references between rows, a line each; empty when nothing. Reads all
  // of it. One at a time. Errors: also busy, after stop_checking().
  [[nodiscard]] virtual base::Result<std::vector<std::string>> check_structure() = 0;
  // A check that runs ends now; so does every later one. Any thread.
  virtual void stop_checking() = 0;
  [[nodiscard]] virtual base::Result<ScrubProgress> get_scrub_progress() = 0;
  virtual base::Result<void> set_scrub_progress(const ScrubProgress& progress) = 0;
};

}  // namespace berth::catalog
