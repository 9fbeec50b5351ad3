// What every catalog promises about collection: who is kept, for how long, and in which order things go.
#include <chrono>

#include "berth/catalog/collection.h"
#include "berth/catalog/history.h"
#include "contract/catalog_contract.h"

namespace berth::test {
namespace {

using base::ErrorCode;
using catalog::BlobFile;
using catalog::KeepRules;
using catalog::Marked;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr auto kDay = hours(24);

class CollectionContract : public CatalogContract {
 protected:
  [[nodiscard]] catalog::Collection& collection() { return catalog().collection(); }
  [[nodiscard]] base::ManualClock& clock() { return under_test().clock(); }

  // Rounds until nothing is left to do.
  Marked collect(std::size_t limit = 100) {
    Marked sum;
    for (int round = 0; round < 1000; ++round) {
      const auto part = collection().mark(rules_, limit).value();
      sum += part;
      if (!part.more && part.manifests + part.links + part.blobs + part.expired + part.events == 0) break;
    }
    return sum;
  }
  // Takes the bytes away, as a collector does.
  std::vector<std::string> remove_bytes(seconds grace = seconds(0)) {
    std::vector<std::string> gone;
    const auto files = collection().begin_removal(clock().now() - grace, 1000).value();
    for (const auto& file : files) gone.push_back(file.digest.text());
    EXPECT_TRUE(collection().end_removal(files));
    return gone;
  }
  bool has_blob(std::string_view content) { return catalog().find_blob(app_, sha256_of(content)).value().has_value(); }
  bool has(const Content& content) { return catalog().find_manifest_info(app_, content.digest).value().has_value(); }
  void link(std::string_view content) { ASSERT_TRUE(catalog().link_blob(app_, sha256_of(content), content.size(), {"tester"})); }
  void put(const Content& content, std::vector<oci::Tag> tags = {}) {
    const auto done = catalog().put_manifest(put_of(app_, content, std::move(tags)));
    ASSERT_TRUE(done) << done.error().message();
  }

  KeepRules rules_{.untagged_keep = 30 * kDay, .undo_window = 7 * kDay};
};

INSTANTIATE_TEST_SUITE_P(All, CollectionContract, ::testing::ValuesIn(all_catalogs()), catalog_kind_name);

// --- Blobs -------------------------------------------------------------------------------------------------------------------------

TEST_P(CollectionContract, AnUnreferencedBlobStaysForItsLeaseAndItsBytesForTheirGrace) {
  link("b");
  clock().advance(kDay - seconds(1));
  EXPECT_EQ(collect().blobs, 0U);
  EXPECT_TRUE(has_blob("b"));

  clock().advance(seconds(1));
  const Marked marked = collect();
  EXPECT_EQ(marked.blobs, 1U);
  EXPECT_EQ(marked.links, 1U);
  EXPECT_EQ(marked.blob_bytes, 1U);
  EXPECT_FALSE(has_blob("b"));
  EXPECT_TRUE(remove_bytes(minutes(10)).empty());

  clock().advance(minutes(10));
  EXPECT_EQ(remove_bytes(minutes(10)), std::vector<std::string>{sha256_of("b").text()});
  EXPECT_TRUE(remove_bytes().empty());
}

TEST_P(CollectionContract, AReferencedBlobStays) {
  link("c");
  link("l");
  put(image("m", config("c"), {layer("l")}), {tag("v")});
  clock().advance(1000 * kDay);
  EXPECT_EQ(collect().blobs, 0U);
  EXPECT_TRUE(has_blob("c"));
  EXPECT_TRUE(has_blob("l"));
}

TEST_P(CollectionContract, ABlobGoesFromTheRepositoryThatDoesNotNeedIt) {
  link("l");
  ASSERT_TRUE(catalog().link_blob(other_, sha256_of("l"), 1, {"tester"}));
  put(image("m", std::nullopt, {layer("l")}), {tag("v")});
  clock().advance(2 * kDay);
  const Marked marked = collect();
  EXPECT_EQ(marked.links, 1U);
  EXPECT_EQ(marked.blobs, 0U);
  EXPECT_TRUE(has_blob("l"));
  EXPECT_FALSE(catalog().find_blob(other_, sha256_of("l")).value().has_value());
  EXPECT_TRUE(remove_bytes().empty());
}

TEST_P(CollectionContract, AnUnlinkedBlobGoesWhenItsLeaseEnds) {
  link("b");
  ASSERT_TRUE(catalog().unlink_blob(app_, sha256_of("b"), {"tester"}));
  EXPECT_EQ(collect().blobs, 0U);
  clock().advance(kDay);
  EXPECT_EQ(collect().blobs, 1U);
}

TEST_P(CollectionContract, APushTakesATombstonedBlobBack) {
  link("b");
  clock().advance(kDay);
  ASSERT_EQ(collect().blobs, 1U);
  ASSERT_TRUE(collection().protect_blob(sha256_of("b")));
  EXPECT_TRUE(remove_bytes().empty());
  link("b");
  EXPECT_TRUE(has_blob("b"));
  EXPECT_EQ(collect().blobs, 0U);
  // A push that was protected and never came: the bytes go a lease later.
  clock().advance(kDay);
  EXPECT_EQ(collect().blobs, 1U);
  ASSERT_TRUE(collection().protect_blob(sha256_of("b")));
  EXPECT_TRUE(remove_bytes().empty());
  EXPECT_FALSE(has_blob("b"));
  clock().advance(kDay);
  EXPECT_EQ(remove_bytes().size(), 1U);
}

TEST_P(CollectionContract, NoRowIsMadeWhileTheBytesAreRemoved) {
  link("b");
  clock().advance(kDay);
  ASSERT_EQ(collect().blobs, 1U);
  const auto files = collection().begin_removal(clock().now(), 10).value();
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(code_of(collection().protect_blob(sha256_of("b"))), ErrorCode::busy);
  EXPECT_EQ(code_of(catalog().link_blob(app_, sha256_of("b"), 1, {"tester"})), ErrorCode::busy);
  EXPECT_FALSE(has_blob("b"));
  // A collector that died in the middle: the next one gets the same blob, and only then the push goes on.
  under_test().reopen();
  EXPECT_EQ(code_of(catalog().link_blob(app_, sha256_of("b"), 1, {"tester"})), ErrorCode::busy);
  const auto again = catalog().collection().begin_removal(clock().now(), 10).value();
  ASSERT_EQ(again.size(), 1U);
  ASSERT_TRUE(catalog().collection().end_removal(again));
  EXPECT_TRUE(catalog().collection().protect_blob(sha256_of("b")));
  EXPECT_TRUE(catalog().link_blob(app_, sha256_of("b"), 1, {"tester"}));
}

TEST_P(CollectionContract, HeadRenewsALeaseOnlyWhenItIsWorthAWrite) {
  link("b");
  const auto head = [&] { return collection().find_and_renew_blob(app_, sha256_of("b")).value(); };
  clock().advance(minutes(50));
  const auto before = catalog().generation();
  EXPECT_EQ(head(), 1U);
  EXPECT_EQ(catalog().generation(), before);  // nothing was written
  clock().advance(hours(10));
  EXPECT_EQ(head(), 1U);
  EXPECT_GT(catalog().generation(), before);
  clock().advance(hours(23));
  EXPECT_EQ(collect().blobs, 0U);
  EXPECT_TRUE(has_blob("b"));
  EXPECT_FALSE(collection().find_and_renew_blob(other_, sha256_of("b")).value().has_value());
}

TEST_P(CollectionContract, HeadOfAReferencedBlobWritesNothingAndHoldsWhenTheManifestGoes) {
  link("l");
  const Content content = image("m", std::nullopt, {layer("l")});
  put(content, {tag("v")});
  clock().advance(100 * kDay);
  const auto before = catalog().generation();
  EXPECT_EQ(collection().find_and_renew_blob(app_, sha256_of("l")).value(), 1U);
  EXPECT_EQ(catalog().generation(), before);

  ASSERT_TRUE(catalog().delete_manifest(app_, content.digest, {"tester"}));
  collect();
  EXPECT_TRUE(has_blob("l"));
  clock().advance(kDay - seconds(1));
  collect();
  EXPECT_TRUE(has_blob("l"));
  put(image("n", std::nullopt, {layer("l")}), {tag("v")});
}

TEST_P(CollectionContract, AMountRenewsTheLease) {
  link("b");
  clock().advance(hours(23));
  ASSERT_EQ(catalog().mount_blob(other_, app_, sha256_of("b"), {"tester"}).value(), 1U);
  clock().advance(hours(23));
  EXPECT_EQ(collect().blobs, 0U);
  EXPECT_TRUE(catalog().find_blob(other_, sha256_of("b")).value().has_value());
}

TEST_P(CollectionContract, FilesWithoutARowAreBuried) {
  link("known");
  link("dead");
  clock().advance(kDay);
  ASSERT_TRUE(collection().find_and_renew_blob(app_, sha256_of("known")).value().has_value());
  ASSERT_EQ(collect().blobs, 1U);
  const std::vector<BlobFile> files = {{sha256_of("known"), 5}, {sha256_of("dead"), 4}, {sha256_of("lost"), 4}};
  EXPECT_EQ(collection().bury_unknown(files).value(), 1U);
  EXPECT_EQ(collection().bury_unknown(files).value(), 0U);
  EXPECT_TRUE(has_blob("known"));
  EXPECT_EQ(remove_bytes().size(), 2U);
}

TEST_P(CollectionContract, ManyGoInSmallSteps) {
  for (int i = 0; i < 250; ++i) link(std::to_string(i));
  clock().advance(kDay);
  const auto first = collection().mark(rules_, 10).value();
  EXPECT_EQ(first.blobs, 10U);
  EXPECT_TRUE(first.more);
  EXPECT_EQ(collect(10).blobs, 240U);
  EXPECT_EQ(collection().begin_removal(clock().now(), 100).value().size(), 100U);
}

// --- Manifests ---------------------------------------------------------------------------------------------------------------------

TEST_P(CollectionContract, AnUntaggedManifestStaysForUntaggedKeep) {
  const Content content = image("m");
  put(content);
  clock().advance(30 * kDay - seconds(1));
  EXPECT_EQ(collect().manifests, 0U);
  clock().advance(seconds(1));
  EXPECT_EQ(collect().manifests, 1U);
  EXPECT_FALSE(has(content));
}

TEST_P(CollectionContract, PushingAnUntaggedManifestAgainKeepsItAnew) {
  const Content content = image("m");
  put(content);
  clock().advance(20 * kDay);
  put(content);
  clock().advance(20 * kDay);
  EXPECT_EQ(collect().manifests, 0U);
  clock().advance(10 * kDay);
  EXPECT_EQ(collect().manifests, 1U);
}

TEST_P(CollectionContract, AnOverwrittenTagsManifestStaysPullableFromThenOn) {
  const Content old = image("old");
  put(old, {tag("v")});
  clock().advance(100 * kDay);
  EXPECT_EQ(collect().manifests, 0U);
  put(image("new"), {tag("v")});
  EXPECT_EQ(collect().manifests, 0U);  // the clock starts with this round
  clock().advance(30 * kDay - seconds(1));
  EXPECT_EQ(collect().manifests, 0U);
  EXPECT_TRUE(has(old));
  clock().advance(seconds(1));
  EXPECT_EQ(collect().manifests, 1U);
  EXPECT_FALSE(has(old));
}

TEST_P(CollectionContract, ChildrenOfAKeptIndexStayAndGoWithIt) {
  link("l");
  const Content child = image("child", std::nullopt, {layer("l")});
  put(child);
  const Content inner = index("inner", {descriptor_of(child)});
  put(inner);
  put(index("outer", {descriptor_of(inner)}), {tag("v")});
  clock().advance(100 * kDay);
  EXPECT_EQ(collect().manifests, 0U);
  EXPECT_TRUE(has(child));

  ASSERT_TRUE(catalog().delete_tag(app_, tag("v"), {}, {"tester"}));
  EXPECT_EQ(collect().manifests, 0U);
  clock().advance(30 * kDay);
  EXPECT_EQ(collect().manifests, 3U);
  EXPECT_FALSE(has(child));
  EXPECT_TRUE(has_blob("l"));  // for a lease
  clock().advance(kDay);
  EXPECT_EQ(collect().blobs, 1U);
}

TEST_P(CollectionContract, AChildThatIsAskedAfterItsIndexInOneRoundGoesToo) {
  const Content child = image("m");
  const Content parent = index("i", {descriptor_of(child)});
  put(child);
  put(parent);
  clock().advance(kDay);
  put(child, {tag("t")});
  ASSERT_TRUE(catalog().delete_tag(app_, tag("t"), {}, {"t"}));
  collect();  // the child's clock starts, a day after its index's
  clock().advance(60 * kDay);
  EXPECT_EQ(collect().manifests, 2U);
  EXPECT_FALSE(has(child));
}

TEST_P(CollectionContract, ReferrersOfAKeptSubjectStayAndGoWithIt) {
  const Content subject = image("subject");
  put(subject, {tag("v")});
  const Content signature = referrer("signature", subject.digest, "a/signature");
  put(signature);
  const Content of_signature = referrer("sbom of signature", signature.digest, "a/sbom");
  put(of_signature);
  clock().advance(100 * kDay);
  EXPECT_EQ(collect().manifests, 0U);

  ASSERT_TRUE(catalog().delete_tag(app_, tag("v"), {}, {"tester"}));
  collect();
  clock().advance(30 * kDay);
  EXPECT_EQ(collect().manifests, 3U);
  EXPECT_FALSE(has(of_signature));
}

TEST_P(CollectionContract, ASubjectThatNeverCameCountsAsKeptForUntaggedKeep) {
  const Content signature = referrer("signature", sha256_of("to come"), "a/signature");
  put(signature);
  clock().advance(29 * kDay);
  EXPECT_EQ(collect().manifests, 0U);
  clock().advance(1 * kDay);
  EXPECT_EQ(collect().manifests, 1U);
}

TEST_P(CollectionContract, ATaggedReferrerOutlivesItsSubject) {
  const Content subject = image("subject");
  put(subject);
  const Content signature = referrer("signature", subject.digest, "a/signature");
  put(signature, {tag("sha256-x.sig")});
  clock().advance(30 * kDay);
  EXPECT_EQ(collect().manifests, 1U);
  EXPECT_TRUE(has(signature));
}

// --- Forecast ----------------------------------------------------------------------------------------------------------------------

TEST_P(CollectionContract, TheForecastIsWhatARoundDoes) {
  for (int i = 0; i < 20; ++i) link(std::to_string(i));
  ASSERT_TRUE(catalog().link_blob(other_, sha256_of("3"), 1, {"tester"}));  // held twice, needed nowhere
  ASSERT_TRUE(catalog().link_blob(other_, sha256_of("4"), 1, {"tester"}));  // needed by the other
  const Content needing = image("m", std::nullopt, {layer("4")});
  ASSERT_TRUE(catalog().put_manifest(put_of(other_, needing, {tag("v")})));
  ASSERT_TRUE(catalog().unlink_blob(app_, sha256_of("5"), {"tester"}));
  put(image("tagged", std::nullopt, {layer("0"), layer("1")}), {tag("v")});
  put(image("untagged", std::nullopt, {layer("2")}));
  clock().advance(31 * kDay);

  const auto forecast = collection().forecast(rules_, 5).value();
  EXPECT_EQ(forecast.total.manifests, 1U);
  EXPECT_EQ(forecast.total.blobs, 16U);  // all but 0, 1 and 4, and 2, which its manifest leaves to its lease
  EXPECT_EQ(forecast.first.size(), 6U);
  EXPECT_EQ(forecast.first[0].digest, image("untagged").digest.text());
  EXPECT_EQ(forecast.first[0].repository, app_.text());
  EXPECT_TRUE(has_blob("7"));

  const auto round = collection().mark(rules_, 1000).value();
  EXPECT_EQ(round.manifests, forecast.total.manifests);
  EXPECT_EQ(round.blobs, forecast.total.blobs);
  EXPECT_EQ(round.blob_bytes, forecast.total.blob_bytes);
  EXPECT_EQ(round.links, forecast.total.links);
  EXPECT_EQ(collection().forecast(rules_, 5).value().waiting.blobs, round.blobs);
}

}  // namespace
}  // namespace berth::test
