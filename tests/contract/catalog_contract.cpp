#include "contract/catalog_contract.h"

#include <algorithm>
#include <limits>

#include "berth/base/json.h"

namespace berth::test {
namespace {

using base::ErrorCode;
using catalog::ManifestPut;
using catalog::TagAction;

using Names = std::vector<std::string>;

INSTANTIATE_TEST_SUITE_P(All, CatalogContract, ::testing::ValuesIn(all_catalogs()), catalog_kind_name);

// --- Repositories ----------------------------------------------------------------------------------------------------------

TEST_P(CatalogContract, ARepositoryAppearsWithItsFirstBlobOrManifest) {
  EXPECT_FALSE(catalog().has_repository(app_).value());
  EXPECT_FALSE(catalog().has_repository(other_).value());

  ASSERT_TRUE(catalog().link_blob(app_, sha256_of("b"), 1, {"tester"}));
  ASSERT_TRUE(catalog().put_manifest(put_of(other_, image("m"))));

  EXPECT_TRUE(catalog().has_repository(app_).value());
  EXPECT_TRUE(catalog().has_repository(other_).value());
}

TEST_P(CatalogContract, ARefusedPutLeavesNoRepository) {
  EXPECT_EQ(code_of(catalog().put_manifest(put_of(app_, image("m", config("missing"))))), ErrorCode::manifest_blob_unknown);
  EXPECT_FALSE(catalog().has_repository(app_).value());
}

TEST_P(CatalogContract, RepositoriesAreListedBytewiseAndByPages) {
  // '-' < '.' < '/' < '0'..'9' < '_' < 'a'..'z': where dictionaries would disagree.
  const Names sorted = {"a", "a-b", "a.b", "a/b", "a0", "a_b", "ab", "b"};
  Names shuffled = {"ab", "a_b", "b", "a/b", "a", "a0", "a.b", "a-b"};
  for (const auto& name : shuffled) ASSERT_TRUE(catalog().link_blob(repository(name), sha256_of("b"), 1, {"tester"}));

  const auto all = catalog().list_repositories("", 100).value();
  EXPECT_EQ(all.names, sorted);
  EXPECT_FALSE(all.more);

  const auto first = catalog().list_repositories("", 3).value();
  EXPECT_EQ(first.names, (Names{"a", "a-b", "a.b"}));
  EXPECT_TRUE(first.more);
  const auto second = catalog().list_repositories("a.b", 5).value();
  EXPECT_EQ(second.names, (Names{"a/b", "a0", "a_b", "ab", "b"}));
  EXPECT_FALSE(second.more);                                                    // exactly the limit, and nothing after it
  EXPECT_EQ(catalog().list_repositories("a1", 1).value().names, Names{"a_b"});  // after a name that is not there
  EXPECT_TRUE(catalog().list_repositories("b", 5).value().names.empty());
  EXPECT_EQ(catalog().list_repositories("", std::numeric_limits<std::size_t>::max()).value().names, sorted);
}

// --- Blobs -------------------------------------------------------------------------------------------------------------------

TEST_P(CatalogContract, ABlobIsFoundOnlyWhereItWasLinked) {
  EXPECT_FALSE(catalog().find_blob(app_, sha256_of("b")).value().has_value());
  ASSERT_TRUE(catalog().link_blob(app_, sha256_of("b"), 42, {"tester"}));
  ASSERT_TRUE(catalog().link_blob(other_, sha256_of("c"), 1, {"tester"}));

  EXPECT_EQ(catalog().find_blob(app_, sha256_of("b")).value(), 42U);
  EXPECT_FALSE(catalog().find_blob(other_, sha256_of("b")).value().has_value());
  EXPECT_FALSE(catalog().find_blob(repository("missing"), sha256_of("b")).value().has_value());
}

TEST_P(CatalogContract, LinkingAgainIsNoErrorButAnotherSizeIs) {
  ASSERT_TRUE(catalog().link_blob(app_, sha256_of("b"), 42, {"tester"}));
  EXPECT_TRUE(catalog().link_blob(app_, sha256_of("b"), 42, {"tester"}));
  EXPECT_TRUE(catalog().link_blob(other_, sha256_of("b"), 42, {"tester"}));
  EXPECT_EQ(code_of(catalog().link_blob(other_, sha256_of("b"), 43, {"tester"})), ErrorCode::corrupt);
  EXPECT_EQ(catalog().find_blob(other_, sha256_of("b")).value(), 42U);
}

TEST_P(CatalogContract, ABlobOf100TerabytesHasItsSize) {
  const std::uint64_t size = 100'000'000'000'000;
  ASSERT_TRUE(catalog().link_blob(app_, sha256_of("b"), size, {"tester"}));
  EXPECT_EQ(catalog().find_blob(app_, sha256_of("b")).value(), size);
}

TEST_P(CatalogContract, MountTakesFromTheRepositoryThatHoldsIt) {
  ASSERT_TRUE(catalog().link_blob(app_, sha256_of("b"), 42, {"tester"}));
  EXPECT_EQ(catalog().mount_blob(other_, app_, sha256_of("b"), {"tester"}).value(), 42U);
  EXPECT_EQ(catalog().find_blob(other_, sha256_of("b")).value(), 42U);
}

TEST_P(CatalogContract, MountFromWhereItIsNotDoesNothing) {
  ASSERT_TRUE(catalog().link_blob(app_, sha256_of("b"), 42, {"tester"}));
  const auto third = repository("team/third");
  ASSERT_TRUE(catalog().link_blob(third, sha256_of("c"), 1, {"tester"}));

  EXPECT_FALSE(catalog().mount_blob(other_, third, sha256_of("b"), {"tester"}).value().has_value());
  EXPECT_FALSE(catalog().mount_blob(other_, repository("missing"), sha256_of("b"), {"tester"}).value().has_value());
  EXPECT_FALSE(catalog().mount_blob(other_, app_, sha256_of("unknown"), {"tester"}).value().has_value());
  EXPECT_FALSE(catalog().has_repository(other_).value());
}

TEST_P(CatalogContract, AnonymousMountTakesFromAnyHolder) {
  ASSERT_TRUE(catalog().link_blob(app_, sha256_of("b"), 42, {"tester"}));
  EXPECT_EQ(catalog().mount_blob(other_, std::nullopt, sha256_of("b"), {"tester"}).value(), 42U);
  EXPECT_EQ(catalog().find_blob(other_, sha256_of("b")).value(), 42U);

  ASSERT_TRUE(catalog().unlink_blob(app_, sha256_of("b"), {"tester"}));
  ASSERT_TRUE(catalog().unlink_blob(other_, sha256_of("b"), {"tester"}));
  // The bytes may still be in the store, but nobody holds them.
  EXPECT_FALSE(catalog().mount_blob(other_, std::nullopt, sha256_of("b"), {"tester"}).value().has_value());
}

TEST_P(CatalogContract, HoldersAreListedUpToTheLimit) {
  EXPECT_TRUE(catalog().list_blob_holders(sha256_of("b"), 10).value().empty());
  for (const char* name : {"one", "two", "three"})
    ASSERT_TRUE(catalog().link_blob(repository(name), sha256_of("b"), 1, {"tester"}));
  auto holders = catalog().list_blob_holders(sha256_of("b"), 10).value();
  std::sort(holders.begin(), holders.end());
  EXPECT_EQ(holders, (Names{"one", "three", "two"}));
  EXPECT_EQ(catalog().list_blob_holders(sha256_of("b"), 2).value().size(), 2U);
}

TEST_P(CatalogContract, UnlinkTakesTheBlobFromOneRepository) {
  ASSERT_TRUE(catalog().link_blob(app_, sha256_of("b"), 1, {"tester"}));
  ASSERT_TRUE(catalog().link_blob(other_, sha256_of("b"), 1, {"tester"}));
  ASSERT_TRUE(catalog().unlink_blob(app_, sha256_of("b"), {"tester"}));
  EXPECT_FALSE(catalog().find_blob(app_, sha256_of("b")).value().has_value());
  EXPECT_TRUE(catalog().find_blob(other_, sha256_of("b")).value().has_value());
}

TEST_P(CatalogContract, UnlinkOfWhatIsNotThereIsBlobUnknown) {
  EXPECT_EQ(code_of(catalog().unlink_blob(app_, sha256_of("b"), {"tester"})), ErrorCode::blob_unknown);
  ASSERT_TRUE(catalog().link_blob(other_, sha256_of("b"), 1, {"tester"}));
  ASSERT_TRUE(catalog().link_blob(app_, sha256_of("c"), 1, {"tester"}));
  EXPECT_EQ(code_of(catalog().unlink_blob(app_, sha256_of("b"), {"tester"})), ErrorCode::blob_unknown);
}

TEST_P(CatalogContract, UnlinkIsRefusedWhileAManifestNeedsTheBlob) {
  ASSERT_TRUE(catalog().link_blob(app_, sha256_of("c"), 1, {"tester"}));
  ASSERT_TRUE(catalog().link_blob(app_, sha256_of("l"), 1, {"tester"}));
  ASSERT_TRUE(catalog().link_blob(other_, sha256_of("l"), 1, {"tester"}));
  const Content content = image("m", config("c"), {layer("l")});
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, content)));

  EXPECT_EQ(code_of(catalog().unlink_blob(app_, sha256_of("c"), {"tester"})), ErrorCode::blob_referenced);
  EXPECT_EQ(code_of(catalog().unlink_blob(app_, sha256_of("l"), {"tester"})), ErrorCode::blob_referenced);
  EXPECT_TRUE(catalog().unlink_blob(other_, sha256_of("l"), {"tester"}));  // that repository has no such manifest

  ASSERT_TRUE(catalog().delete_manifest(app_, content.digest, {"tester"}));
  EXPECT_TRUE(catalog().unlink_blob(app_, sha256_of("l"), {"tester"}));
}

// --- Manifests ---------------------------------------------------------------------------------------------------------------

TEST_P(CatalogContract, AManifestComesBackAsItWasPut) {
  Content content = image("m");
  content.bytes = std::string("any\0bytes\xff", 10);
  content.digest = sha256_of(content.bytes);
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, content, {tag("v1"), tag("latest")})));

  for (const oci::Reference& reference :
       {oci::Reference(tag("v1")), oci::Reference(tag("latest")), oci::Reference(content.digest)}) {
    const auto found = catalog().find_manifest(app_, reference).value();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->digest, content.digest);
    EXPECT_EQ(found->media_type, content.manifest.media_type);
    EXPECT_EQ(found->bytes, content.bytes);
    const auto info = catalog().find_manifest_info(app_, reference).value();
    ASSERT_TRUE(info);
    EXPECT_EQ(info->digest, content.digest);
    EXPECT_EQ(info->media_type, content.manifest.media_type);
    EXPECT_EQ(info->size, 10U);
  }
}

TEST_P(CatalogContract, WhatIsNotThereIsNotFound) {
  const Content content = image("m");
  const auto nothing = [&](const oci::RepositoryName& name, const oci::Reference& reference) {
    EXPECT_FALSE(catalog().find_manifest(name, reference).value().has_value());
    EXPECT_FALSE(catalog().find_manifest_info(name, reference).value().has_value());
  };
  nothing(app_, content.digest);
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, content, {tag("v1")})));
  nothing(app_, tag("v2"));
  nothing(app_, tag("V1"));
  nothing(app_, sha256_of("other"));
  nothing(other_, content.digest);
  nothing(other_, tag("v1"));
}

TEST_P(CatalogContract, ASha512ManifestAndOneOf4MiBAreStored) {
  Content content = image("m");
  content.bytes.assign(oci::kMaxManifestBytes, 'x');
  content.digest = oci::Digest::of_bytes(base::HashAlgorithm::sha512, base::as_bytes(content.bytes));
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, content)));
  EXPECT_EQ(catalog().find_manifest(app_, content.digest).value()->bytes, content.bytes);
}

TEST_P(CatalogContract, PutNamesEveryMissingBlob) {
  ASSERT_TRUE(catalog().link_blob(app_, sha256_of("there"), 1, {"tester"}));
  ASSERT_TRUE(catalog().link_blob(other_, sha256_of("elsewhere"), 1, {"tester"}));
  const auto put =
      catalog().put_manifest(put_of(app_, image("m", config("elsewhere"), {layer("there"), layer("nowhere")}), {tag("v1")}));
  ASSERT_EQ(code_of(put), ErrorCode::manifest_blob_unknown);
  EXPECT_NE(put.error().message().find(sha256_of("elsewhere").text()), std::string::npos) << put.error().message();
  EXPECT_EQ(base::parse_json(put.error().detail()).value(),
            base::Json::array({{{"digest", sha256_of("elsewhere").text()}, {"mediaType", config("").media_type}},
                               {{"digest", sha256_of("nowhere").text()}, {"mediaType", layer("").media_type}}}));
  EXPECT_FALSE(catalog().find_manifest_info(app_, tag("v1")).value().has_value());
}

TEST_P(CatalogContract, PutListsAtMost100OfManyMissing) {
  std::vector<oci::Descriptor> layers;
  for (int i = 0; i < 20'000; ++i) layers.push_back(layer(std::to_string(i)));
  const auto put = catalog().put_manifest(put_of(app_, image("m", std::nullopt, layers)));
  ASSERT_EQ(code_of(put), ErrorCode::manifest_blob_unknown);
  EXPECT_EQ(base::parse_json(put.error().detail()).value().size(), 100U);
  EXPECT_NE(put.error().message().find("19999 more"), std::string::npos) << put.error().message();
}

TEST_P(CatalogContract, TwentyThousandDescriptorsAreTaken) {
  ASSERT_TRUE(catalog().link_blob(app_, sha256_of("l"), 1, {"tester"}));
  std::vector<oci::Descriptor> layers(10, layer("l"));  // the same layer again and again is no error
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, image("same", std::nullopt, layers))));

  const Content child = image("child");
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, child)));
  std::vector<oci::Descriptor> children(oci::kMaxManifestDescriptors, descriptor_of(child));
  for (std::size_t i = 1; i < children.size(); ++i) children[i].digest = sha256_of(std::to_string(i));
  const Content sparse = index("sparse", children);
  ManifestPut sparse_put = put_of(app_, sparse);
  sparse_put.children = ManifestPut::Children::may_be_missing;
  EXPECT_TRUE(catalog().put_manifest(sparse_put));
}

TEST_P(CatalogContract, ForeignLayersAndSubjectsMayBeMissing) {
  Content content = referrer("m", sha256_of("not yet pushed"), "application/x");
  oci::Descriptor foreign = layer("foreign");
  foreign.non_distributable = true;
  content.manifest.layers.push_back(foreign);
  EXPECT_TRUE(catalog().put_manifest(put_of(app_, content)));
}

TEST_P(CatalogContract, ChildrenMustBeInTheRepositoryUnlessTheyMayBeMissing) {
  const Content child = image("child");
  ASSERT_TRUE(catalog().put_manifest(put_of(other_, child)));
  const Content parent = index("parent", {descriptor_of(child)});

  const auto refused = catalog().put_manifest(put_of(app_, parent));
  EXPECT_EQ(code_of(refused), ErrorCode::manifest_blob_unknown);
  EXPECT_EQ(base::parse_json(refused.error().detail()).value()[0]["digest"], child.digest.text());

  ManifestPut sparse = put_of(app_, parent);
  sparse.children = ManifestPut::Children::may_be_missing;
  EXPECT_TRUE(catalog().put_manifest(sparse));

  EXPECT_TRUE(catalog().put_manifest(put_of(other_, parent)));
}

TEST_P(CatalogContract, PuttingTheSameAgainIsNoError) {
  const Content content = image("m");
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, content, {tag("v1")})));
  EXPECT_TRUE(catalog().put_manifest(put_of(app_, content, {tag("v1")})));
  EXPECT_TRUE(catalog().put_manifest(put_of(app_, content)));
  EXPECT_EQ(catalog().list_tag_history(app_, std::nullopt, 0, 100).value().size(), 1U);
}

TEST_P(CatalogContract, ATaggedDigestKeepsItsMediaType) {
  const Content content = image("m");
  Content retyped = content;
  retyped.manifest.media_type = "application/vnd.docker.distribution.manifest.v2+json";
  retyped.manifest.subject = oci::Descriptor{.media_type = "x/y", .digest = sha256_of("subject"), .size = 1};
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, content, {tag("v1")})));

  EXPECT_EQ(code_of(catalog().put_manifest(put_of(app_, retyped, {tag("v2")}))), ErrorCode::media_type_mismatch);
  EXPECT_EQ(catalog().find_manifest_info(app_, content.digest).value()->media_type, content.manifest.media_type);

  ASSERT_TRUE(catalog().delete_tag(app_, tag("v1"), {}, {"tester"}));
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, retyped)));
  EXPECT_EQ(catalog().find_manifest_info(app_, content.digest).value()->media_type, retyped.manifest.media_type);
  EXPECT_EQ(catalog().list_referrers(app_, sha256_of("subject"), "", "", 10).value().referrers.size(), 1U);
}

TEST_P(CatalogContract, DeletingAManifestTakesItsTags) {
  const Content content = image("m");
  const Content kept = image("kept");
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, content, {tag("v1"), tag("v2")})));
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, kept, {tag("v3")})));
  ASSERT_TRUE(catalog().put_manifest(put_of(other_, content, {tag("v1")})));

  ASSERT_TRUE(catalog().delete_manifest(app_, content.digest, {"remover"}));
  EXPECT_FALSE(catalog().find_manifest(app_, content.digest).value().has_value());
  EXPECT_EQ(catalog().list_tags(app_, "", 10).value().names, Names{"v3"});
  EXPECT_EQ(catalog().list_tags(other_, "", 10).value().names, Names{"v1"});

  const auto history = catalog().list_tag_history(app_, tag("v2"), 0, 10).value();
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].action, TagAction::deleted);
  EXPECT_EQ(history[0].before, content.digest);
  EXPECT_EQ(history[0].after, std::nullopt);
  EXPECT_EQ(history[0].principal, "remover");

  ASSERT_TRUE(catalog().put_manifest(put_of(app_, content)));  // may come back
}

TEST_P(CatalogContract, DeletingAMissingManifestIsManifestUnknown) {
  EXPECT_EQ(code_of(catalog().delete_manifest(app_, sha256_of("m"), {"tester"})), ErrorCode::manifest_unknown);
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, image("x"))));
  ASSERT_TRUE(catalog().put_manifest(put_of(other_, image("m"))));
  EXPECT_EQ(code_of(catalog().delete_manifest(app_, image("m").digest, {"tester"})), ErrorCode::manifest_unknown);
}

// --- The whole -----------------------------------------------------------------------------------------------------------------

TEST_P(CatalogContract, EveryWriteRaisesTheGeneration) {
  std::uint64_t last = catalog().generation();
  const auto raised = [&] {
    const std::uint64_t now = catalog().generation();
    return now > std::exchange(last, now);
  };
  ASSERT_TRUE(catalog().link_blob(app_, sha256_of("b"), 1, {"tester"}));
  EXPECT_TRUE(raised());
  ASSERT_TRUE(catalog().mount_blob(other_, app_, sha256_of("b"), {"tester"}));
  EXPECT_TRUE(raised());
  ASSERT_TRUE(catalog().unlink_blob(other_, sha256_of("b"), {"tester"}));
  EXPECT_TRUE(raised());
  const Content content = image("m");
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, content, {tag("v")})));
  EXPECT_TRUE(raised());
  ASSERT_TRUE(catalog().delete_tag(app_, tag("v"), {}, {"tester"}));
  EXPECT_TRUE(raised());
  ASSERT_TRUE(catalog().delete_manifest(app_, content.digest, {"tester"}));
  EXPECT_TRUE(raised());
  ASSERT_TRUE(catalog().ping());
  EXPECT_FALSE(raised());
}

TEST_P(CatalogContract, EverythingIsThereAfterARestart) {
  ASSERT_TRUE(catalog().link_blob(app_, sha256_of("b"), 7, {"tester"}));
  const Content content = image("m", config("b"));
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, content, {tag("v")})));
  under_test().reopen();
  EXPECT_TRUE(catalog().ping());
  EXPECT_EQ(catalog().find_blob(app_, sha256_of("b")).value(), 7U);
  EXPECT_EQ(catalog().find_manifest(app_, tag("v")).value()->bytes, content.bytes);
  EXPECT_EQ(catalog().list_tag_history(app_, std::nullopt, 0, 10).value().size(), 1U);
}

}  // namespace
}  // namespace berth::test
