// The register of damage, as every Catalog must keep it.
#include <algorithm>

#include "berth/catalog/collection.h"
#include "contract/catalog_contract.h"
#include "support/catalog_content.h"

namespace berth::test {
namespace {

using base::ErrorCode;

class CatalogDamage : public CatalogContract {
 protected:
  void SetUp() override { ASSERT_TRUE(catalog().link_blob(repository("a"), digest, 7, {"tester"})); }
  catalog::Damage& damage() { return catalog().damage(); }
  bool known_damaged() {
    const auto size = catalog().find_blob(repository("a"), digest);
    if (size) return false;
    EXPECT_EQ(size.error().code(), ErrorCode::corrupt);
    EXPECT_NE(size.error().message().find(digest.text()), std::string::npos);
    // A HEAD promises nothing that a GET would not keep.
    EXPECT_EQ(catalog().collection().find_and_renew_blob(repository("a"), digest).error().code(), ErrorCode::corrupt);
    return true;
  }

  const oci::Digest digest = sha256_of("content");
};

TEST_P(CatalogDamage, ABlobInTheRegisterIsAnsweredAsCorruptAndOutlivesARestart) {
  EXPECT_EQ(damage().count().value_or(9), 0U);
  EXPECT_FALSE(known_damaged());
  const auto before = catalog().generation();
  EXPECT_TRUE(damage().record(digest, "first").value_or(false));
  EXPECT_GT(catalog().generation(), before);
  EXPECT_TRUE(damage().record(digest, "second").value_or(false));
  EXPECT_TRUE(known_damaged());
  under_test().reopen();
  EXPECT_TRUE(known_damaged());
  EXPECT_EQ(damage().count().value_or(9), 1U);
  const auto listed = damage().list("", 10).value();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].digest, digest.text());
  EXPECT_EQ(listed[0].reason, "first");
  EXPECT_EQ(listed[0].found_at, under_test().clock().now());
  EXPECT_TRUE(damage().list(digest.text(), 10).value().empty());
}

TEST_P(CatalogDamage, TheCheckOfTheDatabaseCanBeStopped) {
  EXPECT_TRUE(damage().check_structure().value().empty());
  damage().stop_checking();
  // A database as small as this one may be through before the flag is looked at.
  const auto cut = damage().check_structure();
  EXPECT_TRUE(cut || cut.error().code() == ErrorCode::busy);
}

TEST_P(CatalogDamage, APushOfTheBlobTakesItOut) {
  ASSERT_TRUE(damage().record(digest, "x"));
  ASSERT_TRUE(catalog().link_blob(repository("b"), digest, 7, {"tester"}));
  EXPECT_FALSE(known_damaged());
  EXPECT_EQ(damage().count().value_or(9), 0U);
}

TEST_P(CatalogDamage, AMountDoesNotTakeItOutAndFindsNothing) {
  ASSERT_TRUE(damage().record(digest, "x"));
  EXPECT_EQ(catalog().mount_blob(repository("b"), repository("a"), digest, {"tester"}).value(), std::nullopt);
  EXPECT_EQ(catalog().mount_blob(repository("b"), std::nullopt, digest, {"tester"}).value(), std::nullopt);
  EXPECT_TRUE(known_damaged());
  EXPECT_EQ(catalog().find_blob(repository("b"), digest).value(), std::nullopt);
}

TEST_P(CatalogDamage, ItIsTakenOutByHand) {
  EXPECT_FALSE(damage().contains(digest).value_or(true));
  ASSERT_TRUE(damage().record(digest, "x"));
  EXPECT_TRUE(damage().contains(digest).value_or(false));
  ASSERT_TRUE(damage().clear(digest));
  EXPECT_FALSE(damage().contains(digest).value_or(true));
  EXPECT_FALSE(known_damaged());
  EXPECT_TRUE(damage().clear(digest));
}

TEST_P(CatalogDamage, WhatIsNotOnRecordIsNotEntered) {
  EXPECT_FALSE(damage().record(sha256_of("other"), "x").value_or(true));
  EXPECT_EQ(damage().count().value_or(9), 0U);
}

TEST_P(CatalogDamage, AManifestMayNameADamagedBlob) {
  ASSERT_TRUE(damage().record(digest, "x"));
  EXPECT_TRUE(catalog().put_manifest(put_of(repository("a"), image("one", config("content")), {tag("v1")})));
  EXPECT_EQ(catalog().unlink_blob(repository("a"), digest, {"tester"}).error().code(), ErrorCode::blob_referenced);
}

TEST_P(CatalogDamage, BlobsAreListedInPagesWithWhatIsKnownOfThem) {
  std::vector<std::string> expected = {digest.text()};
  for (int i = 0; i < 9; ++i) {
    const auto other = sha256_of(std::to_string(i));
    ASSERT_TRUE(catalog().link_blob(repository("a"), other, static_cast<std::uint64_t>(i), {"tester"}));
    expected.push_back(other.text());
  }
  std::sort(expected.begin(), expected.end());
  ASSERT_TRUE(damage().record(digest, "x"));
  std::vector<std::string> seen;
  for (std::string after;;) {
    const auto page = damage().list_blobs(after, 3).value();
    if (page.empty()) break;
    EXPECT_LE(page.size(), 3U);
    for (const auto& record : page) {
      seen.push_back(record.digest);
      EXPECT_EQ(record.known_damaged, record.digest == digest.text());
      if (record.known_damaged) {
        EXPECT_EQ(record.size, 7U);
      }
    }
    after = page.back().digest;
  }
  EXPECT_EQ(seen, expected);
}

TEST_P(CatalogDamage, TheScrubsProgressIsKept) {
  const auto fresh = damage().get_scrub_progress().value();
  EXPECT_EQ(fresh.position, "");
  EXPECT_EQ(fresh.started_at, base::TimePoint());
  EXPECT_EQ(fresh.finished_at, base::TimePoint());
  ASSERT_TRUE(damage().set_scrub_progress({"sha256:ab", base::from_unix_micros(5), base::from_unix_micros(6)}));
  under_test().reopen();
  const auto kept = damage().get_scrub_progress().value();
  EXPECT_EQ(kept.position, "sha256:ab");
  EXPECT_EQ(kept.started_at, base::from_unix_micros(5));
  EXPECT_EQ(kept.finished_at, base::from_unix_micros(6));
}

INSTANTIATE_TEST_SUITE_P(Catalogs, CatalogDamage, ::testing::ValuesIn(all_catalogs()), catalog_kind_name);

}  // namespace
}  // namespace berth::test
