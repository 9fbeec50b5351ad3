#include "berth/service/pull.h"

#include <algorithm>

#include "berth/base/log.h"
#include "berth/catalog/collection.h"
#include "berth/service/integrity.h"

namespace berth::service {

using base::ErrorCode;

namespace {

// A page of referrers is read in steps of so many rows until it is full or has so many bytes: annotations can be as large as manifests.
constexpr std::size_t kReferrerStep = 8;
constexpr std::size_t kReferrerPageBytes = 4 * 1024 * 1024;

base::Error unknown_blob(const oci::RepositoryName& repository, const oci::Digest& digest) {
  return {ErrorCode::blob_unknown, "repository " + repository.text() + " holds no blob " + digest.text()};
}

base::Error unknown_manifest(const oci::RepositoryName& repository, const oci::Reference& reference) {
  const std::string_view what = std::holds_alternative<oci::Tag>(reference) ? " has no tag " : " has no manifest ";
  return {ErrorCode::manifest_unknown,
          "repository " + repository.text() + std::string(what) + std::string(oci::reference_text(reference))};
}

std::size_t weight(const catalog::Referrer& referrer) {
  std::size_t bytes = 256;
  for (const auto& [key, value] : referrer.annotations) bytes += key.size() + value.size() + 8;
  return bytes;
}

}  // namespace

base::Result<std::uint64_t> BlobPull::get_size(const oci::RepositoryName& repository, const oci::Digest& digest) const {
  BERTH_TRY(const auto size, catalog_.find_blob(repository, digest));
  if (!size) return base::fail(unknown_blob(repository, digest));
  return *size;
}

base::Result<std::uint64_t> BlobPull::promise(const oci::RepositoryName& repository, const oci::Digest& digest) {
  BERTH_TRY(const auto size, catalog_.collection().find_and_renew_blob(repository, digest));
  if (!size) return base::fail(unknown_blob(repository, digest));
  return *size;
}

base::Result<store::BlobReader> BlobPull::open(const oci::RepositoryName& repository, const oci::Digest& digest,
                                               std::uint64_t size, const std::optional<oci::ByteRange>& range) const {
  auto reader = store_.open(digest, size, range);
  if (reader) return reader;
  auto error = std::move(reader).error();
  if (error.code() == ErrorCode::range_invalid) return base::fail(std::move(error));
  // The row says that the blob is here: a missing or shortened file is damage, not absence, unless the row went in this moment.
  if (error.code() == ErrorCode::blob_unknown) {
    BERTH_TRY(const auto still, catalog_.find_blob(repository, digest));
    if (!still) return base::fail(unknown_blob(repository, digest));
    // Collected, and pushed again, between the question and the answer.
    reader = store_.open(digest, size, range);
    if (reader) return reader;
  }
  // Anything else is a disk that does not answer, which says nothing of the bytes.
  if (error.code() != ErrorCode::corrupt && error.code() != ErrorCode::blob_unknown) {
    health_.report(error);
    return base::fail(std::move(error));
  }
  auto damage = std::move(error).as(
      ErrorCode::corrupt, "the bytes of blob " + digest.text() + " are damaged on the server; pushing the blob again heals it");
  if (auto told = Integrity(store_, catalog_, health_).found(digest, size, std::nullopt, damage.context()); !told) {
    base::log::warning("damage not recorded", {{"digest", digest.text()}, {"context", told.error().context()}});
  }
  return base::fail(std::move(damage));
}

base::Result<void> BlobPull::remove(const oci::RepositoryName& repository, const oci::Digest& digest, const catalog::Origin& by) {
  return catalog_.unlink_blob(repository, digest, by);
}

base::Result<catalog::StoredManifest> ManifestPull::get(const oci::RepositoryName& repository,
                                                        const oci::Reference& reference) const {
  BERTH_TRY(auto manifest, catalog_.find_manifest(repository, reference));
  if (!manifest) return base::fail(unknown_manifest(repository, reference));
  count(repository, reference, manifest->digest, PullKind::taken);
  return std::move(*manifest);
}

void ManifestPull::count(const oci::RepositoryName& repository, const oci::Reference& reference, const oci::Digest& digest,
                         PullKind kind) const {
  if (counter_ == nullptr) return;
  std::optional<oci::Tag> tag;
  if (const auto* named = std::get_if<oci::Tag>(&reference)) tag = *named;
  // Who asks for a tag again and again, to see whether it moved, pulls nothing; who asks for a digest is about to rely on it.
  if (kind == PullKind::asked_for && tag) return;
  counter_->count(repository, digest, tag, kind);
}

std::shared_ptr<PullEntry> ManifestPull::entry(const oci::RepositoryName& repository, const oci::Reference& reference,
                                               const oci::Digest& digest) const {
  if (counter_ == nullptr) return nullptr;
  const auto* tag = std::get_if<oci::Tag>(&reference);
  return counter_->entry(repository, digest, tag != nullptr ? std::optional(*tag) : std::nullopt);
}

base::Result<catalog::ManifestInfo> ManifestPull::get_info(const oci::RepositoryName& repository,
                                                           const oci::Reference& reference) const {
  BERTH_TRY(auto info, catalog_.find_manifest_info(repository, reference));
  if (!info) return base::fail(unknown_manifest(repository, reference));
  count(repository, reference, info->digest, PullKind::asked_for);
  return std::move(*info);
}

base::Result<void> ManifestPull::remove(const oci::RepositoryName& repository, const oci::Reference& reference,
                                        const catalog::TagCondition& condition, const catalog::Origin& by) {
  if (const auto* digest = std::get_if<oci::Digest>(&reference)) {
    // Passing a condition over would delete what the client asked to keep (RFC 9110 §13.1.1).
    if (condition.kind != catalog::TagCondition::Kind::none) {
      return base::fail(ErrorCode::parameter_invalid, "If-Match and If-None-Match speak of a tag; this request names a digest");
    }
    return catalog_.delete_manifest(repository, *digest, by);
  }
  auto deleted = catalog_.delete_tag(repository, std::get<oci::Tag>(reference), condition, by);
  if (!deleted && deleted.error().code() == ErrorCode::tag_unknown) return base::fail(unknown_manifest(repository, reference));
  return deleted;
}

base::Result<catalog::NamePage> Listing::tags(const oci::RepositoryName& repository, std::string_view after,
                                              std::size_t limit) const {
  if (limit > 0) {
    BERTH_TRY(auto page, catalog_.list_tags(repository, after, limit));
    if (!page.names.empty()) return page;
  }
  BERTH_TRY(const bool known, catalog_.has_repository(repository));
  if (!known) return base::fail(ErrorCode::repository_unknown, "there is no repository " + repository.text());
  return catalog::NamePage{};
}

base::Result<catalog::NamePage> Listing::repositories(const catalog::Sight& sight, std::string_view after,
                                                      std::size_t limit) const {
  if (limit == 0) return catalog::NamePage{};
  return catalog_.list_repositories_in(sight, after, limit);
}

base::Result<catalog::ReferrerPage> Listing::referrers(const oci::RepositoryName& repository, const oci::Digest& subject,
                                                       std::string_view artifact_type, std::string_view after,
                                                       std::size_t limit) const {
  catalog::ReferrerPage page;
  std::string last(after);
  std::size_t bytes = 0;
  while (page.referrers.size() < limit && bytes < kReferrerPageBytes) {
    const auto step = std::min(kReferrerStep, limit - page.referrers.size());
    BERTH_TRY(auto part, catalog_.list_referrers(repository, subject, artifact_type, last, step));
    for (auto& referrer : part.referrers) {
      bytes += weight(referrer);
      page.referrers.push_back(std::move(referrer));
    }
    page.more = part.more;
    if (!part.more) break;
    last = page.referrers.back().digest.text();
  }
  return page;
}

}  // namespace berth::service
