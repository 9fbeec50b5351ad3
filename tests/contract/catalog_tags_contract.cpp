// The second half of the suite: referrers, tags, their history and conditions.
#include <algorithm>

#include "contract/catalog_contract.h"

namespace berth::test {
namespace {

using base::ErrorCode;
using catalog::ManifestPut;
using catalog::TagAction;
using catalog::TagCondition;

using Names = std::vector<std::string>;

// --- Referrers ---------------------------------------------------------------------------------------------------------------

TEST_P(CatalogContract, ReferrersAreListedByDigestWithTheirTypeAndAnnotations) {
  const oci::Digest subject = sha256_of("subject");
  std::vector<Content> all;
  for (int i = 0; i < 6; ++i) {
    all.push_back(referrer(std::to_string(i), subject, i % 2 == 0 ? "application/even" : "application/odd"));
  }
  all[0].manifest.annotations = {{"a \"quoted\" key", "välue"}, {"empty", ""}};
  // Without a type of its own the config's counts; an index without one has none.
  all.push_back(referrer("by config", subject, ""));
  all.back().manifest.config = config("c");
  ASSERT_TRUE(catalog().link_blob(app_, sha256_of("c"), 1, {"tester"}));
  all.push_back(index("untyped", {}));
  all.back().manifest.subject = all[0].manifest.subject;
  for (const Content& content : all) ASSERT_TRUE(catalog().put_manifest(put_of(app_, content)));
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, referrer("other subject", sha256_of("x"), "application/even"))));
  ASSERT_TRUE(catalog().put_manifest(put_of(other_, referrer("other repository", subject, "application/even"))));
  std::sort(all.begin(), all.end(), [](const Content& a, const Content& b) { return a.digest < b.digest; });

  const auto page = catalog().list_referrers(app_, subject, "", "", 100).value();
  ASSERT_EQ(page.referrers.size(), all.size());
  EXPECT_FALSE(page.more);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(page.referrers[i].digest, all[i].digest);
    EXPECT_EQ(page.referrers[i].media_type, all[i].manifest.media_type);
    EXPECT_EQ(page.referrers[i].size, all[i].bytes.size());
    EXPECT_EQ(page.referrers[i].artifact_type, all[i].manifest.referrer_artifact_type());
    EXPECT_EQ(page.referrers[i].annotations, all[i].manifest.annotations);
  }

  const auto odd = catalog().list_referrers(app_, subject, "application/odd", "", 2).value();
  ASSERT_EQ(odd.referrers.size(), 2U);
  EXPECT_TRUE(odd.more);
  const auto rest = catalog().list_referrers(app_, subject, "application/odd", odd.referrers[1].digest.text(), 2).value();
  ASSERT_EQ(rest.referrers.size(), 1U);
  EXPECT_FALSE(rest.more);
  EXPECT_EQ(rest.referrers[0].artifact_type, "application/odd");
  EXPECT_GT(rest.referrers[0].digest, odd.referrers[1].digest);
}

TEST_P(CatalogContract, ReferrerPagesMeetWithoutGap) {
  const oci::Digest subject = sha256_of("subject");
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(catalog().put_manifest(put_of(app_, referrer(std::to_string(i), subject, "a/b"))));
  std::vector<oci::Digest> seen;
  std::string after;
  while (true) {
    const auto page = catalog().list_referrers(app_, subject, "", after, 3).value();
    for (const auto& r : page.referrers) seen.push_back(r.digest);
    if (!page.more) break;
    after = seen.back().text();
  }
  EXPECT_EQ(seen.size(), 7U);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST_P(CatalogContract, AnUnknownSubjectOrRepositoryHasNoReferrers) {
  EXPECT_TRUE(catalog().list_referrers(app_, sha256_of("x"), "", "", 10).value().referrers.empty());
  const Content content = referrer("r", sha256_of("s"), "a/b");
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, content)));
  EXPECT_TRUE(catalog().list_referrers(app_, sha256_of("x"), "", "", 10).value().referrers.empty());
  EXPECT_TRUE(catalog().list_referrers(app_, sha256_of("s"), "c/d", "", 10).value().referrers.empty());
  ASSERT_TRUE(catalog().delete_manifest(app_, content.digest, {"tester"}));
  EXPECT_TRUE(catalog().list_referrers(app_, sha256_of("s"), "", "", 10).value().referrers.empty());
}

// --- Tags --------------------------------------------------------------------------------------------------------------------

TEST_P(CatalogContract, TagsAreListedBytewiseAndByPages) {
  const Names sorted = {"0", "A", "B", "Z", "_", "_a", "a", "a-", "a.", "a0", "aA", "a_", "aa", "b", "z"};
  std::vector<oci::Tag> tags;
  for (auto it = sorted.rbegin(); it != sorted.rend(); ++it) tags.push_back(tag(*it));
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, image("m"), tags)));
  ASSERT_TRUE(catalog().put_manifest(put_of(other_, image("m"), {tag("elsewhere")})));

  EXPECT_EQ(catalog().list_tags(app_, "", 100).value().names, sorted);
  const auto exact = catalog().list_tags(app_, "", sorted.size()).value();
  EXPECT_EQ(exact.names, sorted);
  EXPECT_FALSE(exact.more);
  const auto less = catalog().list_tags(app_, "", sorted.size() - 1).value();
  EXPECT_EQ(less.names.size(), sorted.size() - 1);
  EXPECT_TRUE(less.more);
  EXPECT_EQ(catalog().list_tags(app_, "_", 2).value().names, (Names{"_a", "a"}));
  EXPECT_EQ(catalog().list_tags(app_, "C", 1).value().names, Names{"Z"});
  EXPECT_TRUE(catalog().list_tags(app_, "z", 1).value().names.empty());
  EXPECT_FALSE(catalog().list_tags(app_, "z", 1).value().more);

  Names walked;
  std::string after;
  while (true) {
    const auto page = catalog().list_tags(app_, after, 4).value();
    walked.insert(walked.end(), page.names.begin(), page.names.end());
    if (!page.more) break;
    after = walked.back();
  }
  EXPECT_EQ(walked, sorted);
}

TEST_P(CatalogContract, ARepositoryWithoutTagsOrThatIsMissingListsNone) {
  EXPECT_TRUE(catalog().list_tags(app_, "", 10).value().names.empty());
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, image("m"))));
  EXPECT_TRUE(catalog().list_tags(app_, "", 10).value().names.empty());
}

TEST_P(CatalogContract, EveryChangeOfATagIsHistory) {
  const Content one = image("1");
  const Content two = image("2");
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, one, {tag("v")})));
  under_test().clock().advance(std::chrono::seconds(5));
  ManifestPut second = put_of(app_, two, {tag("v"), tag("w")});
  second.by = {"user:7"};
  ASSERT_TRUE(catalog().put_manifest(second));
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, two, {tag("v")})));  // changes nothing
  ASSERT_TRUE(catalog().delete_tag(app_, tag("v"), {}, {"user:8"}));
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, one, {tag("v")})));
  ASSERT_TRUE(catalog().put_manifest(put_of(other_, one, {tag("v")})));

  const auto history = catalog().list_tag_history(app_, tag("v"), 0, 100).value();
  ASSERT_EQ(history.size(), 4U);
  using Row = std::tuple<TagAction, std::optional<oci::Digest>, std::optional<oci::Digest>, std::string>;
  const auto row = [&](std::size_t i) {
    return Row(history[i].action, history[i].before, history[i].after, history[i].principal);
  };
  EXPECT_EQ(row(3), Row(TagAction::created, std::nullopt, one.digest, "tester"));
  EXPECT_EQ(row(2), Row(TagAction::moved, one.digest, two.digest, "user:7"));
  EXPECT_EQ(row(1), Row(TagAction::deleted, two.digest, std::nullopt, "user:8"));
  EXPECT_EQ(row(0), Row(TagAction::created, std::nullopt, one.digest, "tester"));
  EXPECT_EQ(history[2].at - history[3].at, std::chrono::seconds(5));
  EXPECT_GT(history[0].id, history[1].id);

  // What a moved tag pointed at stays pullable.
  EXPECT_TRUE(catalog().find_manifest(app_, one.digest).value().has_value());

  const auto all = catalog().list_tag_history(app_, std::nullopt, 0, 100).value();
  EXPECT_EQ(all.size(), 5U);
  const auto newest = catalog().list_tag_history(app_, std::nullopt, 0, 2).value();
  ASSERT_EQ(newest.size(), 2U);
  EXPECT_EQ(newest[0].id, all[0].id);
  const auto next = catalog().list_tag_history(app_, std::nullopt, newest[1].id, 100).value();
  ASSERT_EQ(next.size(), 3U);
  EXPECT_EQ(next[0].id, all[2].id);
  EXPECT_TRUE(catalog().list_tag_history(app_, tag("v"), history[3].id, 10).value().empty());
  EXPECT_TRUE(catalog().list_tag_history(repository("missing"), std::nullopt, 0, 10).value().empty());
}

TEST_P(CatalogContract, DeletingAMissingTagIsTagUnknown) {
  EXPECT_EQ(code_of(catalog().delete_tag(app_, tag("v"), {}, {"tester"})), ErrorCode::tag_unknown);
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, image("m"), {tag("w")})));
  EXPECT_EQ(code_of(catalog().delete_tag(app_, tag("v"), {}, {"tester"})), ErrorCode::tag_unknown);
  ASSERT_TRUE(catalog().delete_tag(app_, tag("w"), {}, {"tester"}));
  EXPECT_EQ(code_of(catalog().delete_tag(app_, tag("w"), {}, {"tester"})), ErrorCode::tag_unknown);
}

// --- Conditions ----------------------------------------------------------------------------------------------------------------

struct ConditionCase {
  TagCondition condition;
  bool holds_when_absent;
  bool holds_on_one;  // the tag points at image "1"
};

std::vector<ConditionCase> condition_cases() {
  using Kind = TagCondition::Kind;
  const oci::Digest one = image("1").digest;
  const oci::Digest two = image("2").digest;
  return {
      {{Kind::none, {}}, true, true},
      {{Kind::must_be_absent, {}}, true, false},
      {{Kind::must_exist, {}}, false, true},
      {{Kind::must_be_one_of, {two, one}}, false, true},
      {{Kind::must_be_one_of, {two}}, false, false},
      {{Kind::must_be_one_of, {}}, false, false},
      {{Kind::must_not_be_one_of, {two}}, true, true},
      {{Kind::must_not_be_one_of, {two, one}}, true, false},
      {{Kind::must_not_be_one_of, {}}, true, true},
  };
}

TEST_P(CatalogContract, ConditionsDecideWhetherATagIsSet) {
  int number = 0;
  for (const ConditionCase& c : condition_cases()) {
    SCOPED_TRACE(number);
    const auto name = repository("conditions/" + std::to_string(number++));
    const Content three = image("3");
    ManifestPut conditional = put_of(name, three, {tag("v")});
    conditional.condition = c.condition;

    const auto absent = catalog().put_manifest(conditional);
    EXPECT_EQ(code_of(absent), c.holds_when_absent ? std::nullopt : std::optional(ErrorCode::precondition_failed));
    if (!absent) {
      EXPECT_NE(absent.error().message().find("tag v"), std::string::npos);
    }

    const Content one = image("1");
    ASSERT_TRUE(catalog().put_manifest(put_of(name, one, {tag("v")})));
    const auto present = catalog().put_manifest(conditional);
    EXPECT_EQ(code_of(present), c.holds_on_one ? std::nullopt : std::optional(ErrorCode::precondition_failed));
    if (!present) {
      EXPECT_NE(present.error().message().find(one.digest.text()), std::string::npos) << present.error().message();
    }
    EXPECT_EQ(catalog().find_manifest_info(name, tag("v")).value()->digest, c.holds_on_one ? three.digest : one.digest);
  }
}

TEST_P(CatalogContract, ConditionsDecideWhetherATagIsDeleted) {
  int number = 0;
  for (const ConditionCase& c : condition_cases()) {
    SCOPED_TRACE(number);
    const auto name = repository("conditions/" + std::to_string(number++));
    EXPECT_EQ(code_of(catalog().delete_tag(name, tag("v"), c.condition, {"tester"})), ErrorCode::tag_unknown);
    ASSERT_TRUE(catalog().put_manifest(put_of(name, image("1"), {tag("v")})));
    EXPECT_EQ(code_of(catalog().delete_tag(name, tag("v"), c.condition, {"tester"})),
              c.holds_on_one ? std::nullopt : std::optional(ErrorCode::precondition_failed));
    EXPECT_EQ(catalog().find_manifest_info(name, tag("v")).value().has_value(), !c.holds_on_one);
  }
}

TEST_P(CatalogContract, TagsAreSetAllOrNone) {
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, image("1"), {tag("b")})));
  const Content two = image("2");
  ManifestPut put = put_of(app_, two, {tag("a"), tag("b"), tag("c")});
  put.condition.kind = TagCondition::Kind::must_be_absent;
  EXPECT_EQ(code_of(catalog().put_manifest(put)), ErrorCode::precondition_failed);
  EXPECT_EQ(catalog().list_tags(app_, "", 10).value().names, Names{"b"});
  EXPECT_FALSE(catalog().find_manifest(app_, two.digest).value().has_value());

  ManifestPut twice = put_of(app_, two, {tag("d"), tag("d")});
  twice.condition.kind = TagCondition::Kind::must_be_absent;
  EXPECT_TRUE(catalog().put_manifest(twice));
  EXPECT_EQ(catalog().list_tag_history(app_, tag("d"), 0, 10).value().size(), 1U);
}

TEST_P(CatalogContract, AMissingBlobIsSaidBeforeAFailedCondition) {
  const Content content = image("m", config("missing"));
  ManifestPut put = put_of(app_, content, {tag("v")});
  put.condition.kind = TagCondition::Kind::must_exist;
  EXPECT_EQ(code_of(catalog().put_manifest(put)), ErrorCode::manifest_blob_unknown);
}

}  // namespace
}  // namespace berth::test
