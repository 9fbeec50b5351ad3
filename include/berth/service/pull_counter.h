// Counts pulls in memory and writes them at most once a second, in one transaction: a GET costs no write, and a crash loses the counts
// of one second. Any thread; count() takes a lock that nobody holds across disk.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/base/synced.h"
#include "berth/catalog/usage.h"

namespace berth::service {

enum class PullKind : std::uint8_t { taken, asked_for };

// The pulls of one thing since the last flush. add() takes no lock: answers that are given again from memory count with it.
class PullEntry {
 public:
  PullEntry(oci::RepositoryName repository, oci::Digest digest, std::optional<oci::Tag> tag)
      : repository_(std::move(repository)), digest_(std::move(digest)), tag_(std::move(tag)) {}
  void add(base::TimePoint at, std::uint64_t count = 1) {
    count_.fetch_add(count, std::memory_order_relaxed);
    last_.store(base::to_unix_micros(at), std::memory_order_relaxed);
  }

 private:
  friend class PullCounter;
  oci::RepositoryName repository_;
  oci::Digest digest_;
  std::optional<oci::Tag> tag_;
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::int64_t> last_{0};  // 0: nothing since the last flush
};

class PullCounter {
 public:
  PullCounter(catalog::Usage& usage, const base::Clock& clock) : usage_(usage), clock_(clock) {}

  void count(const oci::RepositoryName& repository, const oci::Digest& digest, const std::optional<oci::Tag>& tag, PullKind kind);
  // What counts the pulls of one thing; nullptr when too many different things are counted already.
  std::shared_ptr<PullEntry> entry(const oci::RepositoryName& repository, const oci::Digest& digest,
                                   const std::optional<oci::Tag>& tag);
  // Writes what was counted since the last time; nothing when there was nothing. A failed write keeps the counts for the next.
  base::Result<void> flush();

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // repository, digest, tag or nothing
  using Entries = std::map<Key, std::shared_ptr<PullEntry>>;

  catalog::Usage& usage_;
  const base::Clock& clock_;
  base::Synced<Entries> entries_;
};

}  // namespace berth::service
