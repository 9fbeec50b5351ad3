#include "berth/service/push.h"

#include <chrono>
#include <thread>

#include "berth/catalog/collection.h"
#include "berth/service/integrity.h"

namespace berth::service {

using base::ErrorCode;

namespace {

// How many holders of a blob are looked at for an anonymous mount: a bound on the work, not on the answer's truth; the client uploads
// when none of the first ones may be read.
constexpr std::size_t kMaxMountHolders = 64;

base::Error unknown_upload(const store::UploadId& id) {
  return {ErrorCode::upload_unknown,
          "no upload " + id.text() + " is open in this repository; start one with POST …/blobs/uploads/"};
}

// Reports to health what a write met, and passes the result on.
template <typename T>
base::Result<T> watched(base::Result<T> result, Health& health) {
  if (!result) health.report(result.error());
  return result;
}

// Removal of one batch of blobs takes milliseconds; a disk that needs longer makes the client wait for its Retry-After.
base::Result<void> protect(catalog::Collection& collection, const oci::Digest& digest) {
  constexpr int kAttempts = 400;
  constexpr auto kPause = std::chrono::milliseconds(5);
  for (int attempt = 1;; ++attempt) {
    auto done = collection.protect_blob(digest);
    if (done || done.error().code() != ErrorCode::busy || attempt == kAttempts) return done;
    std::this_thread::sleep_for(kPause);
  }
}

base::Result<void> check_chunk(const std::optional<oci::ByteRange>& chunk, const store::UploadStatus& status) {
  if (!chunk || chunk->offset == status.offset) return {};
  return base::fail(base::Error(ErrorCode::range_invalid, "the chunk starts at byte " + std::to_string(chunk->offset) +
                                                              ", but the upload stands at byte " + std::to_string(status.offset))
                        .with_detail("{\"offset\":" + std::to_string(status.offset) + "}"));
}

}  // namespace

base::Result<void> BlobUpload::append(base::ByteView bytes) { return watched(upload_->append(bytes), health_); }

base::Result<void> BlobUpload::suspend() { return watched(upload_->suspend(), health_); }

// Before the name: the digest is protected, so that its bytes stay for a lease. After the row: one look whether they are there. Both
// together make a 201 true even if the lease ran out in between; then the push is to be repeated.
base::Result<void> BlobUpload::commit(const oci::Digest& digest) {
  BERTH_CHECK_OK(watched(protect(catalog_.collection(), digest), health_));
  BERTH_TRY(const auto blob, watched(upload_->commit(digest), health_));
  BERTH_CHECK_OK(watched(catalog_.link_blob(repository_, blob.digest, blob.size, by_), health_));
  Integrity(store_, catalog_, health_).healed(blob.digest);
  BERTH_TRY(const auto found, watched(store_.find(digest), health_));
  if (found) return {};
  return base::fail(base::Error(ErrorCode::busy, "the blob was removed while it was pushed; push it again").with_retry_after(1));
}

base::Result<void> BlobUpload::discard() { return upload_->discard(); }

base::Result<BlobUpload> BlobPush::begin(const oci::RepositoryName& repository, const catalog::Origin& by,
                                         base::HashAlgorithm algorithm) {
  BERTH_CHECK_OK(reserve_.check());
  BERTH_TRY(auto upload, watched(store_.begin_upload({repository.text(), by.principal}, algorithm), health_));
  return BlobUpload(std::move(upload), repository, by, store_, catalog_, health_);
}

base::Result<BlobUpload> BlobPush::begin_single(const oci::RepositoryName& repository, const catalog::Origin& by,
                                                base::HashAlgorithm algorithm) {
  BERTH_CHECK_OK(reserve_.check());
  BERTH_TRY(auto upload, watched(store_.begin_single_upload({repository.text(), by.principal}, algorithm), health_));
  return BlobUpload(std::move(upload), repository, by, store_, catalog_, health_);
}

base::Result<BlobUpload> BlobPush::resume(const oci::RepositoryName& repository, const catalog::Origin& by,
                                          const store::UploadId& id, const std::optional<oci::ByteRange>& chunk) {
  // The owner is asked first: another's session must not be locked, and must look like one that is not there.
  BERTH_CHECK_OK(get_status(repository, by, id));
  BERTH_CHECK_OK(reserve_.check());
  BERTH_TRY(auto upload, store_.resume_upload(id));
  BERTH_CHECK_OK(check_chunk(chunk, upload->status()));
  return BlobUpload(std::move(upload), repository, by, store_, catalog_, health_);
}

base::Result<store::UploadStatus> BlobPush::get_status(const oci::RepositoryName& repository, const catalog::Origin& by,
                                                       const store::UploadId& id) const {
  BERTH_TRY(auto status, store_.get_upload(id));
  if (status.owner != store::UploadOwner{repository.text(), by.principal}) return base::fail(unknown_upload(id));
  return status;
}

base::Result<void> BlobPush::cancel(const oci::RepositoryName& repository, const catalog::Origin& by, const store::UploadId& id) {
  BERTH_CHECK_OK(get_status(repository, by, id));
  BERTH_TRY(auto upload, store_.resume_upload(id));
  return upload->discard();
}

base::Result<bool> BlobPush::mount(const oci::RepositoryName& to, const std::optional<oci::RepositoryName>& from,
                                   const oci::Digest& digest, const catalog::Origin& by,
                                   const std::function<bool(std::string_view repository)>& may_pull) {
  if (from) {
    if (!may_pull(from->text())) return false;
    BERTH_TRY(const auto size, watched(catalog_.mount_blob(to, from, digest, by), health_));
    return size.has_value();
  }
  BERTH_TRY(const auto holders, catalog_.list_blob_holders(digest, kMaxMountHolders));
  for (const auto& holder : holders) {
    if (!may_pull(holder)) continue;
    BERTH_TRY(const auto name, oci::RepositoryName::parse(holder));
    BERTH_TRY(const auto size, watched(catalog_.mount_blob(to, name, digest, by), health_));
    if (size) return true;
  }
  return false;
}

}  // namespace berth::service
