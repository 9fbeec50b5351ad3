// Work that comes back by itself: one class per job, a few threads for all of them.
//
// A job runs, then waits its interval; a failing job is logged and comes back. A job is never in two threads at once, several jobs are:
// one that takes long holds up no other. stop() asks the rounds that run to end, and joins.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "berth/auth/accounts.h"
#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/catalog/catalog.h"
#include "berth/service/audit.h"
#include "berth/service/collector.h"
#include "berth/service/disk_reserve.h"
#include "berth/service/health.h"
#include "berth/service/pull_counter.h"
#include "berth/service/retention.h"
#include "berth/service/sessions.h"
#include "berth/service/write_gate.h"
#include "berth/store/blob_store.h"

namespace berth::service {

class Job {
 public:
  virtual ~Job() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual std::chrono::seconds interval() const = 0;
  // One round, bounded in time. Not always on the same thread.
  virtual base::Result<void> run() = 0;
  // The round that runs ends as soon as it can, leaving the rest undone. Any thread; for good.
  virtual void stop() {}
};

// Ends upload sessions to which no byte came for `lifetime`.
std::unique_ptr<Job> make_upload_expiry(store::BlobStore& store, const base::Clock& clock, std::chrono::seconds lifetime);
// Looks at the free space, so that health tells the truth without a push.
std::unique_ptr<Job> make_disk_watch(DiskReserve& reserve);

struct ScrubOptions {
  std::uint64_t rate = 20 << 20;                 // bytes a second; 0: never
  std::chrono::seconds interval{7 * 24 * 3600};  // from the start of one pass to the start of the next
};
// Reads every blob again and compares it with its digest, pass after pass, at a capped rate; then lets the database check itself. How far it has come is kept in the catalog.
std::unique_ptr<Job> make_scrub(store::BlobStore& store, catalog::Catalog& catalog, Health& health, const base::Clock& clock,
                                ScrubOptions options);
// Writes the counts of pulls, once a second.
std::unique_ptr<Job> make_pull_count_flush(PullCounter& counter);
// Applies the rules of retention to every repository.
std::unique_ptr<Job> make_retention(RetentionService& retention, std::chrono::seconds interval);
// Collects garbage; once before that, after a crash, looks for files without rows.
std::unique_ptr<Job> make_collection(Collector& collector);

// The job, while the registry may change; a round that meets a closed gate is passed over without a word: health has said it.
std::unique_ptr<Job> make_gated(const WriteGate& gate, std::unique_ptr<Job> job);

// Notes when keys were used and renews the key that signs tokens (auth::AccountPolicy::tick).
std::unique_ptr<Job> make_session_upkeep(Sessions& sessions);
std::unique_ptr<Job> make_account_upkeep(auth::AccountPolicy& policy);

// Writes what the audit log has taken in, once a second.
std::unique_ptr<Job> make_audit_flush(Audit& audit);
// Closes its segments and takes old ones away.
std::unique_ptr<Job> make_audit_upkeep(Audit& audit);

// Four jobs may take long: collection while it looks at every file, scrub while the database checks itself, retention while it deletes many
// tags, audit upkeep while it prunes. One thread is left for the short ones.
inline constexpr std::size_t kJobThreads = 5;

class JobRunner {
 public:
  explicit JobRunner(std::vector<std::unique_ptr<Job>> jobs);
  ~JobRunner();
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace berth::service
