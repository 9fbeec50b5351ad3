// How often manifests were pulled, and when last. Threads: any worker, as Catalog.
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

// Pulls of one manifest, gathered. count 0: nobody took it, somebody asked whether it is there.
struct PullCount {
  oci::RepositoryName repository;
  oci::Digest digest;
  std::optional<oci::Tag> tag;  // when it was asked for by its tag
  std::uint64_t count = 0;
  base::TimePoint last;
};

struct PullDay {
  std::int64_t day = 0;  // days since 1970-01-01
  std::uint64_t count = 0;
};
struct PullStatistics {
  std::uint64_t count = 0;  // ever
  base::TimePoint last;
  std::vector<PullDay> days;  // those with pulls, oldest first
};

class Usage {
 public:
  virtual ~Usage() = default;

  // Adds them up, in one transaction. A pull by digest counts for every tag that shows the digest at this moment: that is how clients
  // pull by tag. What is no longer there is left out.
  virtual base::Result<void> record(std::span<const PullCount> pulls) = 0;
  // Of a tag or a digest, with the days from `since` on; nullopt when it was never pulled.
  [[nodiscard]] virtual base::Result<std::optional<PullStatistics>> find_pulls(const oci::RepositoryName& repository,
                                                                               const oci::Reference& reference,
                                                                               std::int64_t since_day) = 0;
};

}  // namespace berth::catalog
