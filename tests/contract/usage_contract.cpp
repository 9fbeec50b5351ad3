// What every catalog promises about counts of pulls.
#include <chrono>

#include "berth/catalog/collection.h"
#include "berth/catalog/usage.h"
#include "contract/catalog_contract.h"

namespace berth::test {
namespace {

using catalog::PullCount;
using std::chrono::hours;

class UsageContract : public CatalogContract {
 protected:
  [[nodiscard]] catalog::Usage& usage() { return catalog().usage(); }
  [[nodiscard]] base::ManualClock& clock() { return under_test().clock(); }
  PullCount pull(const Content& content, std::optional<oci::Tag> by, std::uint64_t count) {
    return {app_, content.digest, std::move(by), count, clock().now()};
  }
  std::uint64_t count_of(const oci::Reference& reference) {
    const auto found = usage().find_pulls(app_, reference, 0).value();
    return found ? found->count : 0;
  }
};

INSTANTIATE_TEST_SUITE_P(All, UsageContract, ::testing::ValuesIn(all_catalogs()), catalog_kind_name);

TEST_P(UsageContract, PullsAddUpByDay) {
  const Content content = image("m");
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, content, {tag("v")})));
  EXPECT_FALSE(usage().find_pulls(app_, content.digest, 0).value().has_value());
  ASSERT_TRUE(usage().record(std::vector<PullCount>{pull(content, tag("v"), 2), pull(content, tag("v"), 3)}));
  clock().advance(hours(24));
  ASSERT_TRUE(usage().record(std::vector<PullCount>{pull(content, tag("v"), 1)}));

  for (const oci::Reference& reference : {oci::Reference(tag("v")), oci::Reference(content.digest)}) {
    const auto found = usage().find_pulls(app_, reference, 0).value();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->count, 6U);
    EXPECT_EQ(found->last, clock().now());
    ASSERT_EQ(found->days.size(), 2U);
    EXPECT_EQ(found->days[0].count, 5U);
    EXPECT_EQ(found->days[1].count, 1U);
    EXPECT_EQ(found->days[1].day, found->days[0].day + 1);
    EXPECT_EQ(usage().find_pulls(app_, reference, found->days[1].day).value()->days.size(), 1U);
  }
}

TEST_P(UsageContract, APullByDigestCountsForTheTagsThatShowIt) {
  const Content one = image("1");
  const Content two = image("2");
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, one, {tag("a"), tag("b")})));
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, two, {tag("c")})));
  ASSERT_TRUE(usage().record(std::vector<PullCount>{pull(one, std::nullopt, 4), pull(one, tag("a"), 1)}));
  EXPECT_EQ(count_of(one.digest), 5U);
  EXPECT_EQ(count_of(tag("a")), 5U);
  EXPECT_EQ(count_of(tag("b")), 4U);
  EXPECT_EQ(count_of(tag("c")), 0U);
}

TEST_P(UsageContract, WhatIsNotThereIsNotCounted) {
  ASSERT_TRUE(usage().record(std::vector<PullCount>{pull(image("m"), tag("v"), 1)}));
  EXPECT_FALSE(usage().find_pulls(app_, tag("v"), 0).value().has_value());
}

TEST_P(UsageContract, APullKeepsAnUntaggedManifest) {
  const Content content = image("m");
  const catalog::KeepRules rules{.untagged_keep = hours(10), .undo_window = hours(1)};
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, content)));
  clock().advance(hours(9));
  // Asked for by its digest alone: no pull, and a sign of life.
  ASSERT_TRUE(usage().record(std::vector<PullCount>{pull(content, std::nullopt, 0)}));
  EXPECT_EQ(count_of(content.digest), 0U);
  clock().advance(hours(9));
  EXPECT_EQ(catalog().collection().mark(rules, 10).value().manifests, 0U);
  clock().advance(hours(1));
  EXPECT_EQ(catalog().collection().mark(rules, 10).value().manifests, 1U);
  EXPECT_FALSE(usage().find_pulls(app_, content.digest, 0).value().has_value());
}

TEST_P(UsageContract, OldDaysAreForgottenAndSumsStay) {
  const Content content = image("m");
  const catalog::KeepRules rules{.untagged_keep = hours(10'000), .undo_window = hours(1), .pull_days = hours(48)};
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, content, {tag("stays"), tag("goes")})));
  ASSERT_TRUE(usage().record(std::vector<PullCount>{pull(content, tag("stays"), 2), pull(content, tag("goes"), 3)}));
  clock().advance(hours(48));
  ASSERT_TRUE(usage().record(std::vector<PullCount>{pull(content, tag("stays"), 1)}));
  ASSERT_TRUE(catalog().delete_tag(app_, tag("goes"), {}, {"t"}));
  EXPECT_EQ(catalog().collection().mark(rules, 10).value().pull_days, 0U);
  clock().advance(hours(24));
  EXPECT_EQ(catalog().collection().mark(rules, 10).value().pull_days, 3U);  // of two tags and the manifest
  const auto kept = usage().find_pulls(app_, tag("stays"), 0).value();
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->count, 3U);
  EXPECT_EQ(kept->days.size(), 1U);
  EXPECT_EQ(count_of(content.digest), 6U);
  EXPECT_FALSE(usage().find_pulls(app_, tag("goes"), 0).value().has_value());
  // For ever.
  clock().advance(hours(24 * 3000));
  EXPECT_EQ(catalog().collection().mark({hours(100'000'000), hours(1)}, 10).value().pull_days, 0U);
}

}  // namespace
}  // namespace berth::test
