// Pushing: blobs come in through upload sessions, manifests make them an image. The only place where store and catalog meet on the
// way in: bytes first, row second.
//
// Threads: any worker; every call may block on disk. Errors of every call, beside those named: storage_full (below the reserve, or
// ENOSPC), io_error, busy; the first two turn health red.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "berth/catalog/catalog.h"
#include "berth/oci/byte_range.h"
#include "berth/service/disk_reserve.h"
#include "berth/service/health.h"
#include "berth/store/blob_store.h"

namespace berth::service {

// One request's hold on an upload session. Destroyed without an end, the session stays where it is and can be resumed.
class BlobUpload {
 public:
  BlobUpload(std::unique_ptr<store::Upload> upload, oci::RepositoryName repository, catalog::Origin by, store::BlobStore& store,
             catalog::Catalog& catalog, Health& health)
      : upload_(std::move(upload)),
        repository_(std::move(repository)),
        by_(std::move(by)),
        store_(store),
        catalog_(catalog),
        health_(health) {}

  [[nodiscard]] const store::UploadStatus& status() const { return upload_->status(); }
  [[nodiscard]] const oci::RepositoryName& repository() const { return repository_; }

  // Errors: storage_full, io_error; the session is then gone.
  base::Result<void> append(base::ByteView bytes);
  // Ends this request's part; the session goes on.
  base::Result<void> suspend();
  // The session's bytes become blob `digest` of the repository, durably, whatever collection does at the same time
  // (docs/adr/0004-collection.md). Errors: digest_mismatch (the session is gone).
  base::Result<void> commit(const oci::Digest& digest);
  base::Result<void> discard();

 private:
  std::unique_ptr<store::Upload> upload_;
  oci::RepositoryName repository_;
  catalog::Origin by_;
  store::BlobStore& store_;
  catalog::Catalog& catalog_;
  Health& health_;
};

// A session belongs to the principal in `by`, whatever key and address it comes with.
class BlobPush {
 public:
  BlobPush(store::BlobStore& store, catalog::Catalog& catalog, DiskReserve& reserve, Health& health)
      : store_(store), catalog_(catalog), reserve_(reserve), health_(health) {}

  // Spec: distribution-spec end-4a, end-4c.
  base::Result<BlobUpload> begin(const oci::RepositoryName& repository, const catalog::Origin& by, base::HashAlgorithm algorithm);
  // A session that lives and dies with its request. Spec: end-4b (POST with digest and body).
  base::Result<BlobUpload> begin_single(const oci::RepositoryName& repository, const catalog::Origin& by,
                                        base::HashAlgorithm algorithm);
  // Takes a session up; `chunk` is the Content-Range of what follows, which must start where the session stands.
  // Errors: upload_unknown (also for another's session or repository), upload_busy, range_invalid (detail says the offset).
  // Spec: end-5, end-6.
  base::Result<BlobUpload> resume(const oci::RepositoryName& repository, const catalog::Origin& by, const store::UploadId& id,
                                  const std::optional<oci::ByteRange>& chunk);
  // Errors: upload_unknown. Spec: end-13.
  [[nodiscard]] base::Result<store::UploadStatus> get_status(const oci::RepositoryName& repository, const catalog::Origin& by,
                                                             const store::UploadId& id) const;
  // Errors: upload_unknown, upload_busy. Spec: end-14.
  base::Result<void> cancel(const oci::RepositoryName& repository, const catalog::Origin& by, const store::UploadId& id);

  // Makes a blob of another repository one of `to` without moving bytes; false when there is nothing to mount and the client must upload.
  // `from` nullopt: any repository for which may_pull() holds; a digest that nobody may pull looks like an unknown one.
  // Spec: end-11; security.md B1.8.
  base::Result<bool> mount(const oci::RepositoryName& to, const std::optional<oci::RepositoryName>& from,
                           const oci::Digest& digest, const catalog::Origin& by,
                           const std::function<bool(std::string_view repository)>& may_pull);

 private:
  store::BlobStore& store_;
  catalog::Catalog& catalog_;
  DiskReserve& reserve_;
  Health& health_;
};

struct ManifestUpload {
  oci::RepositoryName repository;
  oci::Reference reference;
  std::string content_type;  // empty when the header was missing
  std::string bytes;
  std::vector<oci::Tag> tags;  // of the tag parameter
  catalog::TagCondition condition;
  catalog::Origin by;
};

struct PushedManifest {
  oci::Digest digest;
  std::optional<oci::Digest> subject;
  std::vector<oci::Tag> tags;  // all that were set
};

enum class SparseIndexes : std::uint8_t { refused, accepted };

class ManifestPush {
 public:
  ManifestPush(catalog::Catalog& catalog, DiskReserve& reserve, Health& health, SparseIndexes sparse)
      : catalog_(catalog), reserve_(reserve), health_(health), sparse_(sparse) {}

  // Errors: those of oci::parse_manifest; digest_mismatch (bytes are not what the reference says); manifest_blob_unknown;
  // precondition_failed; parameter_invalid (tags or a condition that do not go with the reference).
  // Spec: end-7a, end-7b.
  base::Result<PushedManifest> put(ManifestUpload upload);

 private:
  catalog::Catalog& catalog_;
  DiskReserve& reserve_;
  Health& health_;
  SparseIndexes sparse_;
};

}  // namespace berth::service
