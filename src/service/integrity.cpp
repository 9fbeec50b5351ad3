#include "berth/service/integrity.h"

#include <string>

#include "berth/base/log.h"
#include "berth/base/metrics.h"

namespace berth::service {

// Row first, bytes second. A push that comes in between clears the row and replaces the file, and then the file is not the one that was
// seen: nothing is moved. A push that ended just before the row was written leaves a row that is not true, which is taken back.
base::Result<void> Integrity::found(const oci::Digest& digest, std::uint64_t size, const std::optional<store::BlobReader>& seen,
                                    std::string_view reason) {
  BERTH_TRY(const bool on_record, catalog_.damage().record(digest, reason));
  if (!on_record) return {};
  BERTH_TRY(const bool damaged, move_away(digest, size, seen));
  if (!damaged) return catalog_.damage().clear(digest);
  base::log::error("blob is damaged", {{"digest", digest.text()}, {"reason", reason}});
  return refresh();
}

base::Result<bool> Integrity::move_away(const oci::Digest& digest, std::uint64_t size,
                                        const std::optional<store::BlobReader>& seen) {
  if (seen) return store_.quarantine(digest, *seen);
  BERTH_TRY(const auto there, store_.find(digest));
  if (!there) return true;
  if (there->size == size) return false;  // pushed again: whatever gets the name was compared with the digest
  BERTH_TRY(const auto reader, store_.open(digest, there->size));
  return store_.quarantine(digest, reader);
}

void Integrity::healed(const oci::Digest& digest) {
  if (health_.good(HealthCheck::content)) return;
  const auto discarded = store_.discard_quarantined(digest);
  if (discarded && *discarded) base::log::info("blob is healed", {{"digest", digest.text()}});
  if (auto seen = refresh(); !seen) base::log::warning("register of damage not read", {{"context", seen.error().context()}});
}

base::Result<void> Integrity::refresh() {
  BERTH_TRY(const std::uint64_t count, catalog_.damage().count());
  base::metrics::set(base::metrics::Metric::damaged_blobs, static_cast<double>(count));
  if (count == 0) {
    health_.set_good(HealthCheck::content);
  } else {
    health_.set_bad(HealthCheck::content, std::to_string(count) + (count == 1 ? " blob is" : " blobs are") +
                                              " damaged and answered with an error; push the images again, and check the disk. "
                                              "`berth verify` names them");
  }
  return {};
}

}  // namespace berth::service
