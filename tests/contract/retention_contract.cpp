// What every catalog promises about stored rules and the uses of tags.
#include <chrono>

#include "berth/catalog/retention.h"
#include "berth/catalog/usage.h"
#include "contract/catalog_contract.h"

namespace berth::test {
namespace {

class RetentionContract : public CatalogContract {
 protected:
  [[nodiscard]] catalog::Retention& retention() { return catalog().retention(); }
};

INSTANTIATE_TEST_SUITE_P(All, RetentionContract, ::testing::ValuesIn(all_catalogs()), catalog_kind_name);

TEST_P(RetentionContract, RulesAreKeptByScope) {
  EXPECT_FALSE(retention().has_rules().value());
  EXPECT_FALSE(retention().find_rule("a/*").value().has_value());
  ASSERT_TRUE(retention().put_rule("a/*", "{\"keep_newest\":1}", {"tester"}));
  ASSERT_TRUE(retention().put_rule("a/*", "{\"keep_newest\":2}", {"tester"}));
  EXPECT_TRUE(retention().has_rules().value());
  under_test().reopen();
  EXPECT_EQ(retention().find_rule("a/*").value(), "{\"keep_newest\":2}");
  EXPECT_FALSE(retention().find_rule("*").value().has_value());
  EXPECT_TRUE(retention().delete_rule("a/*", {"tester"}).value());
  EXPECT_FALSE(retention().delete_rule("a/*", {"tester"}).value());
  EXPECT_FALSE(retention().has_rules().value());
}

TEST_P(RetentionContract, TagUsesTellAgeAndLastPull) {
  const Content one = image("1");
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, one, {tag("b"), tag("a")})));
  const auto set = under_test().clock().now();
  under_test().clock().advance(std::chrono::hours(1));
  ASSERT_TRUE(
      catalog().usage().record(std::vector<catalog::PullCount>{{app_, one.digest, tag("a"), 1, under_test().clock().now()}}));
  const auto uses = retention().list_tag_uses(app_).value();
  ASSERT_EQ(uses.size(), 2U);
  EXPECT_EQ(uses[0].tag, tag("a"));
  EXPECT_EQ(uses[0].digest, one.digest);
  EXPECT_EQ(uses[0].updated, set);
  EXPECT_EQ(uses[0].pulled, under_test().clock().now());
  EXPECT_FALSE(uses[1].pulled.has_value());
  EXPECT_TRUE(retention().list_tag_uses(other_).value().empty());
}

}  // namespace
}  // namespace berth::test
