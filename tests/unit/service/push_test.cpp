#include <fstream>

#include "unit/service/fixture.h"

namespace berth::service {
namespace {

using base::ErrorCode;

TEST_F(ServiceTest, BlobIsKnownOnlyWhereItWasPushed) {
  const auto digest = push_blob(name("a/one"), "hello");
  EXPECT_EQ(blob_pull.get_size(name("a/one"), digest).value(), 5U);
  EXPECT_EQ(blob_pull.get_size(name("a/two"), digest).error().code(), ErrorCode::blob_unknown);
}

TEST_F(ServiceTest, SessionIsHiddenFromEverybodyElse) {
  const auto upload = blob_push.begin(name("a/one"), alice, base::HashAlgorithm::sha256).value();
  const auto id = upload.status().id;
  EXPECT_EQ(blob_push.get_status(name("a/one"), mallory, id).error().code(), ErrorCode::upload_unknown);
  EXPECT_EQ(blob_push.get_status(name("a/two"), alice, id).error().code(), ErrorCode::upload_unknown);
  EXPECT_EQ(blob_push.resume(name("a/one"), mallory, id, std::nullopt).error().code(), ErrorCode::upload_unknown);
  EXPECT_EQ(blob_push.cancel(name("a/one"), mallory, id).error().code(), ErrorCode::upload_unknown);
  EXPECT_TRUE(blob_push.get_status(name("a/one"), alice, id));
}

TEST_F(ServiceTest, ChunkMustStartWhereTheUploadStands) {
  const auto id = [&] {
    auto upload = blob_push.begin(name("a/one"), alice, base::HashAlgorithm::sha256).value();
    EXPECT_TRUE(upload.append(base::as_bytes("12345")));
    return upload.status().id;
  }();
  const auto wrong = blob_push.resume(name("a/one"), alice, id, oci::ByteRange{4, 2});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code(), ErrorCode::range_invalid);
  EXPECT_EQ(wrong.error().detail(), "{\"offset\":5}");
  EXPECT_TRUE(blob_push.resume(name("a/one"), alice, id, oci::ByteRange{5, 2}));
}

TEST_F(ServiceTest, MountNeedsTheBlobInTheNamedRepository) {
  const auto digest = push_blob(name("a/one"), "hello");
  const auto anybody = [](std::string_view) { return true; };
  EXPECT_FALSE(blob_push.mount(name("b/x"), name("a/other"), digest, alice, anybody).value());
  EXPECT_FALSE(blob_pull.get_size(name("b/x"), digest));
  EXPECT_TRUE(blob_push.mount(name("b/x"), name("a/one"), digest, alice, anybody).value());
  EXPECT_EQ(blob_pull.get_size(name("b/x"), digest).value(), 5U);
}

TEST_F(ServiceTest, MountDoesNotReachWhereTheCallerMayNotPull) {
  const auto digest = push_blob(name("secret/one"), "hello");
  const auto not_secret = [](std::string_view repository) { return !repository.starts_with("secret/"); };
  EXPECT_FALSE(blob_push.mount(name("b/x"), name("secret/one"), digest, alice, not_secret).value());
  EXPECT_FALSE(blob_push.mount(name("b/x"), std::nullopt, digest, alice, not_secret).value());
  push_blob(name("public/one"), "hello");
  EXPECT_TRUE(blob_push.mount(name("b/x"), std::nullopt, digest, alice, not_secret).value());
}

TEST_F(ServiceTest, ManifestNeedsItsBlobsInItsOwnRepository) {
  push_blob(name("a/one"), "{}");
  push_blob(name("a/other"), "layer");
  const auto refused = push_manifest(name("a/one"), "v1", image("{}", "layer"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::manifest_blob_unknown);
  EXPECT_NE(refused.error().detail().find(sha256("layer").text()), std::string::npos);
  push_blob(name("a/one"), "layer");
  const auto pushed = push_manifest(name("a/one"), "v1", image("{}", "layer"));
  ASSERT_TRUE(pushed) << pushed.error().message();
  EXPECT_EQ(manifest_pull.get(name("a/one"), tag("v1")).value().bytes, image("{}", "layer"));
}

TEST_F(ServiceTest, ManifestByAnotherDigestIsRefused) {
  push_blob(name("a/one"), "{}");
  push_blob(name("a/one"), "layer");
  const auto refused = push_manifest(name("a/one"), sha256("something else").text(), image("{}", "layer"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::digest_mismatch);
}

TEST_F(ServiceTest, ConditionWithoutATagIsRefused) {
  push_blob(name("a/one"), "{}");
  push_blob(name("a/one"), "layer");
  const auto bytes = image("{}", "layer");
  const auto refused =
      push_manifest(name("a/one"), sha256(bytes).text(), bytes, {catalog::TagCondition::Kind::must_be_absent, {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::parameter_invalid);
}

TEST_F(ServiceTest, DamagedBlobIsNeverServedAndHealedByAPush) {
  const auto digest = push_blob(name("a/one"), "hello");
  const auto hex = std::string(digest.hex());
  std::ofstream(directory.path() + "/blobs/sha256/" + hex.substr(0, 2) + "/" + hex, std::ios::trunc) << "hel";
  const auto damaged = blob_pull.open(name("a/one"), digest, 5, std::nullopt);
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code(), ErrorCode::corrupt);
  EXPECT_FALSE(health.good());
  push_blob(name("a/one"), "hello");
  EXPECT_TRUE(blob_pull.open(name("a/one"), digest, 5, std::nullopt));
}

TEST_F(ServiceTest, TagsOfAnUnknownRepositoryAreAnError) {
  EXPECT_EQ(listing.tags(name("a/none"), "", 10).error().code(), ErrorCode::repository_unknown);
  push_blob(name("a/one"), "{}");
  EXPECT_TRUE(listing.tags(name("a/one"), "", 10).value().names.empty());
  EXPECT_TRUE(listing.tags(name("a/one"), "", 0).value().names.empty());
}

TEST_F(ServiceTest, UploadsExpireWithoutBytes) {
  const auto id = blob_push.begin(name("a/one"), alice, base::HashAlgorithm::sha256).value().status().id;
  const auto job = make_upload_expiry(*store, clock, std::chrono::hours(24));
  ASSERT_TRUE(job->run());
  EXPECT_TRUE(blob_push.get_status(name("a/one"), alice, id));
  // Files carry the machine's time, so the test's clock goes far beyond any.
  clock.advance(std::chrono::hours(24 * 365 * 50));
  ASSERT_TRUE(job->run());
  EXPECT_EQ(blob_push.get_status(name("a/one"), alice, id).error().code(), ErrorCode::upload_unknown);
}

class FullDiskTest : public ServiceTest {
 protected:
  FullDiskTest() : ServiceTest(DiskReserveOptions{UINT64_MAX, 0}) {}
};

TEST_F(FullDiskTest, PushesStopAtTheReserveAndHealthSaysSo) {
  const auto refused = blob_push.begin(name("a/one"), alice, base::HashAlgorithm::sha256);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::storage_full);
  EXPECT_FALSE(health.good());
  EXPECT_EQ(push_manifest(name("a/one"), "v1", "{}").error().code(), ErrorCode::storage_full);
}

TEST(Health, DrainingIsNotReadyButAlive) {
  Health health;
  EXPECT_FALSE(health.draining());
  health.set_draining();
  EXPECT_TRUE(health.draining());
  EXPECT_TRUE(health.good());
}

TEST(Health, TurnsBadByWhatAWriteMetAndGoodAgain) {
  Health health;
  health.report(base::Error(ErrorCode::digest_mismatch, "x"));
  EXPECT_TRUE(health.good());
  health.report(base::Error(ErrorCode::storage_full, "x"));
  EXPECT_FALSE(health.good());
  health.set_good(HealthCheck::disk_space);
  EXPECT_TRUE(health.good());
  health.report(base::Error(ErrorCode::io_error, "x").in("fdatasync"));
  const auto states = health.states();
  EXPECT_FALSE(states[1].good);
  EXPECT_NE(states[1].reason.find("fdatasync"), std::string::npos);
}

}  // namespace
}  // namespace berth::service
