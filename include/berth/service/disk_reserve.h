// The part of the disk that pushes may not use, so that deletes, the catalog and the operator can still work.
#pragma once

#include <cstdint>

#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/base/synced.h"
#include "berth/service/health.h"
#include "berth/store/blob_store.h"

namespace berth::service {

struct DiskReserveOptions {
  std::uint64_t bytes = 2ULL << 30;
  std::uint64_t percent = 2;  // of the file system; the larger of the two counts
};

class DiskReserve {
 public:
  DiskReserve(DiskReserveOptions options, const store::BlobStore& store, const base::Clock& clock, Health& health)
      : options_(options), store_(store), clock_(clock), health_(health) {}

  // Room for another push? Looks at the disk at most once a second. Errors: storage_full (says how much is free and how much must
  // be), io_error. Worker threads.
  base::Result<void> check();

 private:
  struct Seen {
    base::TimePoint at;
    base::SpaceInfo space;
    bool valid = false;
  };
  DiskReserveOptions options_;
  const store::BlobStore& store_;
  const base::Clock& clock_;
  Health& health_;
  base::Synced<Seen> seen_;
};

}  // namespace berth::service
