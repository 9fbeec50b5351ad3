// The register of damage in the catalog's database, through the catalog's own writer and readers.
#pragma once

#include <atomic>

#include "berth/base/synced.h"
#include "berth/catalog/damage.h"
#include "catalog/readers.h"
#include "catalog/writer.h"

namespace berth::catalog {

// Inside the caller's read. Also for inspections.
base::Result<std::vector<BlobRecord>> list_blob_records(Connection& connection, std::string_view after, std::size_t limit);

base::Result<std::vector<std::string>> check_structure(Connection& connection);

class SqliteDamage final : public Damage {
 public:
  // All three outlive it.
  SqliteDamage(Readers& readers, Writer& writer, const base::Clock& clock) : readers_(readers), writer_(writer), clock_(clock) {}

  base::Result<bool> record(const oci::Digest& digest, std::string_view reason) override;
  base::Result<void> clear(const oci::Digest& digest) override;
  base::Result<bool> contains(const oci::Digest& digest) override;
  base::Result<std::uint64_t> count() override;
  base::Result<std::vector<DamagedBlob>> list(std::string_view after, std::size_t limit) override;
  base::Result<std::vector<BlobRecord>> list_blobs(std::string_view after, std::size_t limit) override;
  base::Result<std::vector<std::string>> check_structure() override;
  void stop_checking() override;
  base::Result<ScrubProgress> get_scrub_progress() override;
  base::Result<void> set_scrub_progress(const ScrubProgress& progress) override;

 private:
  Readers& readers_;
  Writer& writer_;
  const base::Clock& clock_;
  std::atomic<bool> stop_{false};
  base::Synced<Connection*> checking_{nullptr};
};

}  // namespace berth::catalog
