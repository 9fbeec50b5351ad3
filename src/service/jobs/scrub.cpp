#include <algorithm>
#include <atomic>
#include <optional>
#include <vector>

#include "berth/base/hash.h"
#include "berth/base/log.h"
#include "berth/base/metrics.h"
#include "berth/service/integrity.h"
#include "berth/service/jobs.h"

namespace berth::service {

namespace {

using base::ErrorCode;
using base::metrics::Metric;

constexpr std::size_t kPage = 200;
constexpr std::size_t kBufferBytes = 256UL * 1024;
// A small blob costs an open and a look as well; so that a million of them do not come at once.
constexpr std::uint64_t kLeastCost = 4096;
// What a crash may cost of the way. An orderly end loses nothing.
constexpr auto kSaveEvery = std::chrono::seconds(30);

// Each step reads what the rate allows for the time since the last one, at most a second's worth, and stops in the middle of a large
// blob if need be; the hash goes on from there in the next step. After a restart that blob is read from its start.
class Scrub final : public Job {
 public:
  Scrub(store::BlobStore& store, catalog::Catalog& catalog, Health& health, const base::Clock& clock, ScrubOptions options)
      : store_(store),
        damage_(catalog.damage()),
        integrity_(store, catalog, health),
        health_(health),
        clock_(clock),
        options_(options) {}

  ~Scrub() override {
    if (!unsaved_) return;
    if (auto saved = save(); !saved) base::log::warning("scrub's progress not saved", {{"context", saved.error().context()}});
  }

  [[nodiscard]] std::string_view name() const override { return "scrub"; }
  [[nodiscard]] std::chrono::seconds interval() const override { return std::chrono::seconds(options_.rate == 0 ? 3600 : 1); }

  base::Result<void> run() override {
    BERTH_CHECK_OK(integrity_.refresh());
    if (options_.rate == 0) return {};
    if (!progress_) {
      BERTH_TRY(progress_, damage_.get_scrub_progress());
    }
    BERTH_TRY(const bool active, begin_pass_if_due());
    if (!active) return {};
    auto budget = static_cast<std::int64_t>(options_.rate);
    while (budget > 0 && !stopping_) {
      BERTH_TRY(const bool more, current_ ? base::Result<bool>(true) : open_next());
      if (!more) return {};
      if (!current_) {
        budget -= kLeastCost;
        continue;
      }
      BERTH_TRY(const auto cost, read_on(static_cast<std::uint64_t>(budget)));
      budget -= static_cast<std::int64_t>(std::max(cost, kLeastCost));
    }
    if (clock_.now() - saved_at_ >= kSaveEvery) BERTH_CHECK_OK(save());
    return {};
  }

  void stop() override {
    stopping_ = true;
    damage_.stop_checking();
  }

 private:
  struct Current {
    oci::Digest digest;
    catalog::BlobRecord record;
    store::BlobReader reader;
    base::Hasher hasher;
    std::uint64_t offset = 0;
  };

  base::Result<bool> begin_pass_if_due() {
    const auto never = base::TimePoint();
    const bool runs = progress_->started_at != never && progress_->finished_at == never;
    if (runs) return true;
    if (progress_->started_at != never && clock_.now() < progress_->started_at + options_.interval) return false;
    progress_ = catalog::ScrubProgress{"", clock_.now(), never};
    BERTH_CHECK_OK(save());
    return true;
  }

  base::Result<void> save() {
    BERTH_CHECK_OK(damage_.set_scrub_progress(*progress_));
    saved_at_ = clock_.now();
    unsaved_ = false;
    return {};
  }

  void step_over(const std::string& digest) {
    progress_->position = digest;
    unsaved_ = true;
  }

  // Makes the next blob current_, or deals with it at once when there is nothing to read. False at the end of the pass.
  base::Result<bool> open_next() {
    if (next_ == page_.size()) {
      BERTH_TRY(page_, damage_.list_blobs(progress_->position, kPage));
      next_ = 0;
    }
    if (page_.empty()) {
      BERTH_CHECK_OK(check_catalog());
      if (stopping_) return false;  // the next run looks at the rows again
      progress_->finished_at = clock_.now();
      BERTH_CHECK_OK(save());
      base::log::info("scrub has read every blob", {{"damaged", !health_.good(HealthCheck::content)}});
      return false;
    }
    const catalog::BlobRecord& record = page_[next_++];
    const auto digest = oci::Digest::parse(record.digest);
    if (!digest) {
      base::log::error("the catalog holds a blob without a digest", {{"digest", record.digest}});
      step_over(record.digest);
      return true;
    }
    auto reader = store_.open(*digest, record.size);
    if (!reader) {
      BERTH_CHECK_OK(not_readable(*digest, record, reader.error()));
      step_over(record.digest);
      return true;
    }
    current_.emplace(Current{*digest, record, std::move(*reader), base::Hasher(digest->algorithm())});
    return true;
  }

  // The rows come last: the database has no digests, but indexes that must agree with their tables. Damage there stays red until the
  // daemon was restarted on a catalog that is whole.
  base::Result<void> check_catalog() {
    const auto lines = damage_.check_structure();
    if (stopping_) return {};
    if (!lines) return base::fail(lines.error());
    for (const auto& line : *lines) base::log::error("the catalog is damaged", {{"finding", line}});
    if (!lines->empty()) {
      health_.set_bad(HealthCheck::storage, "the catalog's database is damaged (" + lines->front() +
                                                "); stop the daemon, look with `berth verify`, and restore a backup");
    }
    return {};
  }

  base::Result<void> not_readable(const oci::Digest& digest, const catalog::BlobRecord& record, const base::Error& error) {
    const bool certain = error.code() == ErrorCode::corrupt || error.code() == ErrorCode::blob_unknown;
    base::metrics::add(Metric::scrub_blobs, 1, {certain ? "damaged" : "unreadable"});
    if (!certain) {
      // A disk that does not answer may answer tomorrow: nothing is taken out of reach for it.
      health_.report(error);
      return {};
    }
    if (record.known_damaged) return {};
    return integrity_.found(digest, record.size, std::nullopt,
                            error.code() == ErrorCode::blob_unknown ? "its file is missing" : error.context());
  }

  // Reads up to `most` bytes of the current blob; how many it took.
  base::Result<std::uint64_t> read_on(std::uint64_t most) {
    Current& blob = *current_;
    std::uint64_t taken = 0;
    while (taken < most && blob.offset < blob.reader.size && !stopping_) {
      const auto want = std::min<std::uint64_t>({buffer_.size(), most - taken, blob.reader.size - blob.offset});
      const auto count = blob.reader.file->read(std::span(buffer_).first(want), blob.offset);
      if (!count) {
        BERTH_CHECK_OK(not_readable(blob.digest, blob.record, count.error()));
        return end_current(taken);
      }
      if (*count == 0) break;  // shortened behind our back; the digest will tell
      blob.hasher.update(std::span(buffer_).first(*count));
      blob.offset += *count;
      taken += *count;
    }
    base::metrics::add(Metric::scrub_bytes, static_cast<double>(taken));
    if (blob.offset < blob.reader.size && (taken == most || stopping_)) return taken;
    BERTH_CHECK_OK(judge(blob));
    return end_current(taken);
  }

  base::Result<void> judge(const Current& blob) {
    const bool good = blob.hasher.hex_digest() == blob.digest.hex();
    base::metrics::add(Metric::scrub_blobs, 1, {good ? "good" : "damaged"});
    if (!good) return integrity_.found(blob.digest, blob.record.size, blob.reader, "its bytes do not have its digest");
    if (!blob.record.known_damaged) return {};
    // A push brought the bytes and could not tell the catalog.
    BERTH_CHECK_OK(damage_.clear(blob.digest));
    integrity_.healed(blob.digest);
    return {};
  }

  std::uint64_t end_current(std::uint64_t taken) {
    step_over(current_->record.digest);
    current_.reset();
    return taken;
  }

  store::BlobStore& store_;
  catalog::Damage& damage_;
  Integrity integrity_;
  Health& health_;
  const base::Clock& clock_;
  ScrubOptions options_;
  std::atomic<bool> stopping_{false};

  std::optional<catalog::ScrubProgress> progress_;
  bool unsaved_ = false;
  base::TimePoint saved_at_;
  std::vector<catalog::BlobRecord> page_;
  std::size_t next_ = 0;
  std::optional<Current> current_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(kBufferBytes);
};

}  // namespace

std::unique_ptr<Job> make_scrub(store::BlobStore& store, catalog::Catalog& catalog, Health& health, const base::Clock& clock,
                                ScrubOptions options) {
  return std::make_unique<Scrub>(store, catalog, health, clock, options);
}

}  // namespace berth::service
