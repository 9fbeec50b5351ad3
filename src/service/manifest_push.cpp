#include "berth/service/push.h"

namespace berth::service {

using base::ErrorCode;

namespace {

base::Result<oci::Digest> digest_of(const ManifestUpload& upload) {
  const auto* named = std::get_if<oci::Digest>(&upload.reference);
  const auto bytes = base::as_bytes(upload.bytes);
  auto digest = oci::Digest::of_bytes(named ? named->algorithm() : base::HashAlgorithm::sha256, bytes);
  if (named && *named != digest) {
    return base::fail(ErrorCode::digest_mismatch, "the body has digest " + digest.text() + ", not " + named->text() +
                                                      "; send the exact bytes that the digest was taken of");
  }
  return digest;
}

base::Result<void> check_tags(const ManifestUpload& upload) {
  const bool by_tag = std::holds_alternative<oci::Tag>(upload.reference);
  if (by_tag && !upload.tags.empty()) {
    return base::fail(ErrorCode::parameter_invalid, "the tag parameter goes with a digest in the path, not with a tag");
  }
  if (!by_tag && upload.tags.empty() && upload.condition.kind != catalog::TagCondition::Kind::none) {
    return base::fail(ErrorCode::parameter_invalid, "If-Match and If-None-Match speak of a tag; none is set by this request");
  }
  return {};
}

}  // namespace

base::Result<PushedManifest> ManifestPush::put(ManifestUpload upload) {
  BERTH_CHECK_OK(reserve_.check());
  BERTH_CHECK_OK(check_tags(upload));
  BERTH_TRY(const auto digest, digest_of(upload));
  BERTH_TRY(const auto manifest, oci::parse_manifest(base::as_bytes(upload.bytes), upload.content_type));
  if (const auto* tag = std::get_if<oci::Tag>(&upload.reference)) upload.tags.push_back(*tag);

  using Children = catalog::ManifestPut::Children;
  const auto stored = catalog_.put_manifest({
      .repository = upload.repository,
      .digest = digest,
      .manifest = manifest,
      .bytes = upload.bytes,
      .tags = upload.tags,
      .condition = upload.condition,
      .children = sparse_ == SparseIndexes::accepted ? Children::may_be_missing : Children::must_exist,
      .by = std::move(upload.by),
  });
  if (!stored) {
    health_.report(stored.error());
    return base::fail(stored.error());
  }
  std::optional<oci::Digest> subject;
  if (manifest.subject) subject = manifest.subject->digest;
  return PushedManifest{digest, std::move(subject), std::move(upload.tags)};
}

}  // namespace berth::service
