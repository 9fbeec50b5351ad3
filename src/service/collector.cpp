#include "berth/service/collector.h"

#include <algorithm>
#include <vector>

#include "berth/base/log.h"
#include "berth/base/metrics.h"

namespace berth::service {

using base::ErrorCode;
using base::metrics::Metric;
using Steady = std::chrono::steady_clock;

namespace {

// Rows of each queue in one transaction: a few milliseconds in which other writers wait.
constexpr std::size_t kMarkBatch = 100;
constexpr std::size_t kRemovalBatch = 200;
constexpr std::size_t kSweepBatch = 256;
constexpr std::size_t kExamples = 100;
constexpr auto kMarkTime = std::chrono::milliseconds(500);
constexpr auto kRemovalTime = std::chrono::milliseconds(400);
// Who asks while a round runs waits for its end.
constexpr auto kPatience = std::chrono::seconds(5);

void count(const CollectorRound& round) {
  base::metrics::add(Metric::gc_rounds);
  base::metrics::add(Metric::gc_removed, static_cast<double>(round.marked.manifests), {"manifest"});
  base::metrics::add(Metric::gc_removed, static_cast<double>(round.removed_blobs), {"blob"});
  base::metrics::add(Metric::gc_removed_bytes, static_cast<double>(round.removed_bytes));
}

}  // namespace

base::Result<CollectorRound> Collector::run_round() {
  bool ours = false;
  running_.wait_for(
      kPatience, [](bool running) { return !running; },
      [&](bool& running) {
        ours = !running;
        running = true;
      });
  if (!ours) return base::fail(base::Error(ErrorCode::busy, "a round of collection runs at this moment").with_retry_after(1));
  auto round = collect();
  running_.with([](bool& running) { running = false; });
  running_.notify_one();
  return round;
}

base::Result<CollectorRound> Collector::collect() {
  const auto start = Steady::now();
  CollectorRound round;
  BERTH_CHECK_OK(mark(round, start + kMarkTime));
  BERTH_CHECK_OK(remove(round, Steady::now() + kRemovalTime));
  BERTH_CHECK_OK(clear_quarantine(round));
  count(round);
  BERTH_CHECK_OK(measure(round));
  base::metrics::observe(Metric::gc_round_seconds, std::chrono::duration<double>(Steady::now() - start).count());
  if (round.marked.manifests + round.marked.blobs + round.marked.expired + round.removed_blobs + round.discarded > 0) {
    base::log::info("collected", {{"manifests", round.marked.manifests},
                                  {"blobs_marked", round.marked.blobs},
                                  {"blobs_removed", round.removed_blobs},
                                  {"bytes_removed", round.removed_bytes},
                                  {"expired", round.marked.expired},
                                  {"done", round.end == CollectorRound::End::done}});
  }
  return round;
}

base::Result<void> Collector::mark(CollectorRound& round, Steady::time_point until) {
  do {
    BERTH_TRY(const auto part, collection_.mark(rules(), kMarkBatch));
    round.marked += part;
    if (part.more && round.marked.blobs >= options_.rate) round.end = CollectorRound::End::share_used;
  } while (round.marked.more && round.end == CollectorRound::End::done && Steady::now() < until && !stopping_);
  if (round.marked.more && round.end == CollectorRound::End::done) round.end = CollectorRound::End::time_over;
  return {};
}

base::Result<void> Collector::remove(CollectorRound& round, Steady::time_point until) {
  while (Steady::now() < until && !stopping_) {
    const auto share = std::min<std::uint64_t>(kRemovalBatch, options_.rate - std::min(options_.rate, round.removed_blobs));
    if (share == 0) {
      round.end = CollectorRound::End::share_used;
      return {};
    }
    BERTH_TRY(const auto files, collection_.begin_removal(clock_.now() - options_.grace, share));
    std::vector<oci::Digest> digests;
    digests.reserve(files.size());
    for (const auto& file : files) digests.push_back(file.digest);
    // If this fails the tombstones stay marked, and the next round takes them up again: no push can come between.
    BERTH_CHECK_OK(store_.remove_all(digests));
    BERTH_CHECK_OK(collection_.end_removal(files));
    for (const auto& file : files) round.removed_bytes += file.size;
    round.removed_blobs += files.size();
    if (files.size() < share) return {};
  }
  if (round.end == CollectorRound::End::done) round.end = CollectorRound::End::time_over;
  return {};
}

// A file goes to quarantine only after its blob is in the register, so one that is not there was healed or went with its row.
base::Result<void> Collector::clear_quarantine(CollectorRound& round) {
  BERTH_TRY(const auto kept, store_.list_quarantined());
  for (const auto& digest : kept) {
    BERTH_TRY(const bool damaged, damage_.contains(digest));
    if (damaged) continue;
    BERTH_TRY(const bool there, store_.discard_quarantined(digest));
    round.discarded += there ? 1 : 0;
  }
  return {};
}

base::Result<void> Collector::measure(const CollectorRound& round) {
  const bool done = round.end == CollectorRound::End::done;
  base::metrics::set(Metric::gc_backlog, done ? 0 : 1);
  // Counting costs what waits, which while there is more to do is soon another number.
  if (!done) return {};
  BERTH_TRY(const auto waiting, collection_.count_waiting());
  base::metrics::set(Metric::gc_waiting_blobs, static_cast<double>(waiting.blobs));
  base::metrics::set(Metric::gc_waiting_bytes, static_cast<double>(waiting.bytes));
  return {};
}

base::Result<catalog::Forecast> Collector::forecast() const { return collection_.forecast(rules(), kExamples); }

base::Result<void> Collector::sweep_if_needed() {
  BERTH_TRY(const bool needed, collection_.needs_sweep());
  if (!needed) return {};
  BERTH_CHECK_OK(sweep_files());
  if (stopping_) return {};
  return collection_.end_sweep();
}

base::Result<void> Collector::sweep_files() {
  std::vector<catalog::BlobFile> batch;
  std::uint64_t buried = 0;
  base::Result<void> failure;
  const auto bury = [&] {
    auto done = collection_.bury_unknown(batch);
    batch.clear();
    if (done) {
      buried += *done;
    } else {
      failure = base::fail(done.error());
    }
    return failure.has_value() && !stopping_;
  };
  BERTH_CHECK_OK(store_.for_each([&](const store::BlobInfo& file) {
    batch.push_back({file.digest, file.size});
    return batch.size() < kSweepBatch || bury();
  }));
  if (failure && !batch.empty()) (void)bury();
  if (buried > 0) base::log::info("files without a row found after a crash; they go after their grace", {{"count", buried}});
  return failure;
}

}  // namespace berth::service
