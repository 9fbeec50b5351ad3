#include "berth/service/retention.h"

#include "berth/catalog/history.h"
#include "berth/catalog/usage.h"
#include "unit/service/fixture.h"

namespace berth::service {
namespace {

using base::ErrorCode;
using std::chrono::hours;

constexpr auto kDay = hours(24);

TEST(RetentionRuleText, IsReadStrictlyAndWrittenBack) {
  const std::string text = R"({"keep_newest":3,"keep_patterns":["v*"],"keep_pulled_within_days":7,"delete_older_than_days":30})";
  EXPECT_EQ(format_retention_rule(parse_retention_rule(text).value()), text);
  EXPECT_TRUE(parse_retention_rule("{}").value().empty());
  for (const char* bad : {R"({"keep_newest":-1})", R"({"keep_newest":1.5})", R"({"keep_newest":"3"})", R"({"keep":3})", "[]",
                          R"({"keep_patterns":[""]})", R"({"keep_patterns":[1]})", R"({"keep_patterns":"v*"})",
                          R"({"delete_older_than_days":99999999})"}) {
    EXPECT_EQ(parse_retention_rule(bad).error().code(), ErrorCode::parameter_invalid) << bad;
  }
  EXPECT_EQ(parse_retention_rule("{").error().code(), ErrorCode::request_malformed);
}

class RetentionTest : public ServiceTest {
 protected:
  void push(const oci::RepositoryName& repository, std::string_view tag_text) {
    push_blob(repository, "{}");
    push_blob(repository, tag_text);
    ASSERT_TRUE(push_manifest(repository, tag_text, image("{}", tag_text)));
  }
  // Tags v1 … v5, a day apart, v5 just now.
  void push_five(const oci::RepositoryName& repository) {
    for (int i = 1; i <= 5; ++i) {
      if (i > 1) clock.advance(kDay);
      push(repository, "v" + std::to_string(i));
    }
  }
  void set(std::string_view scope, std::string_view rule) {
    ASSERT_TRUE(retention.put_rule(scope, parse_retention_rule(rule).value(), alice));
  }
  std::string going(const oci::RepositoryName& repository) {
    std::string text;
    const auto outcome = retention.apply(repository, RetentionRun::dry).value();
    for (const auto& use : outcome.deleted) text += use.tag.text() + " ";
    return text;
  }

  RetentionService retention{*catalog, clock};
};

TEST_F(RetentionTest, OnceStoppedItDeletesNoMore) {
  const auto app = name("a/app");
  push_five(app);
  set("a/app", R"({"keep_newest":2})");
  retention.stop();
  EXPECT_TRUE(retention.apply(app, RetentionRun::real).value().deleted.empty());
  EXPECT_EQ(retention.apply_to_many("", 10).value(), "");
  EXPECT_EQ(going(app), "v1 v2 v3 ");
}

TEST_F(RetentionTest, EachKeepSpeaksForTags) {
  const auto app = name("a/app");
  push_five(app);
  EXPECT_EQ(going(app), "");
  set("a/app", R"({"keep_newest":2})");
  EXPECT_EQ(going(app), "v1 v2 v3 ");
  set("a/app", R"({"keep_newest":2,"keep_patterns":["*2"]})");
  EXPECT_EQ(going(app), "v1 v3 ");
  set("a/app", R"({"delete_older_than_days":2})");
  EXPECT_EQ(going(app), "v1 v2 v3 ");
  set("a/app", R"({"keep_newest":1,"delete_older_than_days":3})");
  EXPECT_EQ(going(app), "v1 v2 ");
  const auto digest = manifest_pull.get(app, tag("v1")).value().digest;
  ASSERT_TRUE(catalog->usage().record(std::vector<catalog::PullCount>{{app, digest, tag("v1"), 1, clock.now()}}));
  set("a/app", R"({"keep_newest":1,"keep_pulled_within_days":1})");
  EXPECT_EQ(going(app), "v2 v3 v4 ");
  set("a/app", "{}");
  EXPECT_EQ(going(app), "");
}

TEST_F(RetentionTest, TheMostSpecificRuleHoldsAlone) {
  push_five(name("a/app"));
  set("*", R"({"keep_newest":4})");
  EXPECT_EQ(going(name("a/app")), "v1 ");
  set("a/*", R"({"keep_newest":3})");
  EXPECT_EQ(going(name("a/app")), "v1 v2 ");
  set("a/app", R"({"keep_newest":5})");
  EXPECT_EQ(going(name("a/app")), "");
  EXPECT_EQ(retention.apply(name("a/app"), RetentionRun::dry).value().scope, "a/app");
}

TEST_F(RetentionTest, ADryRunDeletesNothingAndARealOneCanBeUndone) {
  const auto app = name("a/app");
  push_five(app);
  set("a/*", R"({"keep_newest":4})");
  EXPECT_EQ(going(app), "v1 ");
  EXPECT_TRUE(manifest_pull.get(app, tag("v1")));
  EXPECT_EQ(retention.apply_to_many("", 10).value(), "");
  EXPECT_FALSE(manifest_pull.get(app, tag("v1")));
  EXPECT_TRUE(manifest_pull.get(app, tag("v2")));
  const auto events = catalog->history().list_events(app, 0, 1).value().events;
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].principal, "retention");
  ASSERT_TRUE(catalog->history().restore(app, events[0].id, {"alice"}));
  EXPECT_TRUE(manifest_pull.get(app, tag("v1")));
}

TEST_F(RetentionTest, ManyRepositoriesGoPageByPage) {
  for (const char* text : {"a/one", "a/two", "b/three"}) push_five(name(text));
  set("*", R"({"keep_newest":0})");
  EXPECT_EQ(retention.apply_to_many("", 2).value(), "a/two");
  EXPECT_EQ(retention.apply_to_many("a/two", 2).value(), "");
  EXPECT_FALSE(manifest_pull.get(name("b/three"), tag("v5")));
}

}  // namespace
}  // namespace berth::service
