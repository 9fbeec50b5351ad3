// Pulling and looking: blobs, manifests, referrers, tags, the list of repositories; and taking them away.
//
// Membership is always asked of the catalog for the repository that was named (security.md B1.4, B1.8): a blob that only another
// repository holds is unknown. Out: row first, bytes second. Threads: any worker.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/auth/access.h"
#include "berth/catalog/catalog.h"
#include "berth/oci/byte_range.h"
#include "berth/service/health.h"
#include "berth/service/pull_counter.h"
#include "berth/store/blob_store.h"

namespace berth::service {

class BlobPull {
 public:
  BlobPull(store::BlobStore& store, catalog::Catalog& catalog, Health& health)
      : store_(store), catalog_(catalog), health_(health) {}

  // The size of a blob that the repository holds. Errors: blob_unknown. Spec: end-2 (GET).
  [[nodiscard]] base::Result<std::uint64_t> get_size(const oci::RepositoryName& repository, const oci::Digest& digest) const;
  // The same as a promise: who is told that the blob is here may rely on it for a lease. Normally no write. Spec: end-2 (HEAD).
  base::Result<std::uint64_t> promise(const oci::RepositoryName& repository, const oci::Digest& digest);
  // Opens [range] of it. Errors: blob_unknown, range_invalid, corrupt (its bytes are damaged or gone; health turns red), io_error.
  [[nodiscard]] base::Result<store::BlobReader> open(const oci::RepositoryName& repository, const oci::Digest& digest,
                                                     std::uint64_t size, const std::optional<oci::ByteRange>& range) const;
  // Takes it out of the repository; the bytes go when nothing holds them any more. Errors: blob_unknown, blob_referenced. Spec: end-10.
  base::Result<void> remove(const oci::RepositoryName& repository, const oci::Digest& digest, const catalog::Origin& by);

 private:
  store::BlobStore& store_;
  catalog::Catalog& catalog_;
  Health& health_;
};

class ManifestPull {
 public:
  // Without a counter nobody counts.
  explicit ManifestPull(catalog::Catalog& catalog, PullCounter* counter = nullptr) : catalog_(catalog), counter_(counter) {}

  // Errors: manifest_unknown (repository or reference). Spec: end-3.
  [[nodiscard]] base::Result<catalog::StoredManifest> get(const oci::RepositoryName& repository,
                                                          const oci::Reference& reference) const;
  [[nodiscard]] base::Result<catalog::ManifestInfo> get_info(const oci::RepositoryName& repository,
                                                             const oci::Reference& reference) const;
  // A digest: the manifest and all tags on it; a tag: that tag. Errors: manifest_unknown, precondition_failed, parameter_invalid (a
  // condition with a digest). Spec: end-9.
  base::Result<void> remove(const oci::RepositoryName& repository, const oci::Reference& reference,
                            const catalog::TagCondition& condition, const catalog::Origin& by);

  // What counts further pulls of what get() answered, when its answer is given again without it; nullptr: nobody counts.
  [[nodiscard]] std::shared_ptr<PullEntry> entry(const oci::RepositoryName& repository, const oci::Reference& reference,
                                                 const oci::Digest& digest) const;

 private:
  void count(const oci::RepositoryName& repository, const oci::Reference& reference, const oci::Digest& digest,
             PullKind kind) const;

  catalog::Catalog& catalog_;
  PullCounter* counter_;
};

// Whether what was read before is still all that there is to read.
class Freshness {
 public:
  explicit Freshness(const catalog::Catalog& catalog) : catalog_(catalog) {}
  // Differs after every acknowledged write. An answer made from reads that began after this was asked is true while it stays. Never blocks.
  [[nodiscard]] std::uint64_t generation() const { return catalog_.generation(); }

 private:
  const catalog::Catalog& catalog_;
};

class Listing {
 public:
  explicit Listing(catalog::Catalog& catalog) : catalog_(catalog) {}

  // At most `limit` names after `after`. Errors: repository_unknown. Spec: end-8a, end-8b.
  [[nodiscard]] base::Result<catalog::NamePage> tags(const oci::RepositoryName& repository, std::string_view after,
                                                     std::size_t limit) const;
  // Those in sight, and whether they may be listed is asked by whoever shows them (berth/catalog/sight.h).
  [[nodiscard]] base::Result<catalog::NamePage> repositories(const catalog::Sight& sight, std::string_view after,
                                                             std::size_t limit) const;
  // A page also ends when its annotations reach 4 MiB. A repository that is not there has no referrers. Spec: end-12a, end-12b.
  [[nodiscard]] base::Result<catalog::ReferrerPage> referrers(const oci::RepositoryName& repository, const oci::Digest& subject,
                                                              std::string_view artifact_type, std::string_view after,
                                                              std::size_t limit) const;

 private:
  catalog::Catalog& catalog_;
};

}  // namespace berth::service
