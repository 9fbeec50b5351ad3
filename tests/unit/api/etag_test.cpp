#include "api/etag.h"

#include <gtest/gtest.h>

#include "api/answers.h"

namespace berth::api {
namespace {

using base::ErrorCode;
using Kind = service::TagCondition::Kind;

oci::Digest digest(std::string_view text) { return oci::Digest::of_bytes(base::HashAlgorithm::sha256, base::as_bytes(text)); }
std::string quoted(std::string_view text) { return '"' + digest(text).text() + '"'; }

http::Request with(std::initializer_list<std::pair<std::string, std::string>> fields) {
  http::Request request;
  request.fields = fields;
  return request;
}

TEST(EntityTags, ListsAndStars) {
  EXPECT_TRUE(parse_entity_tags("*", "If-Match")->any);
  EXPECT_TRUE(parse_entity_tags("  * ", "If-Match")->any);
  const auto tags = parse_entity_tags("\"a\", W/\"b\" ,\t\"\"", "If-Match").value().tags;
  ASSERT_EQ(tags.size(), 3U);
  EXPECT_EQ(tags[0].value, "a");
  EXPECT_FALSE(tags[0].weak);
  EXPECT_EQ(tags[1].value, "b");
  EXPECT_TRUE(tags[1].weak);
  EXPECT_EQ(tags[2].value, "");
}

TEST(EntityTags, CommasInQuotesSeparateNothing) {
  EXPECT_EQ(parse_entity_tags("\"a,b\"", "If-Match").value().tags.at(0).value, "a,b");
}

TEST(EntityTags, WhatIsNone) {
  for (const auto* text :
       {"", " ", "a", "\"a", "a\"", "'a'", "w/\"a\"", "W/a", "\"a\" \"b\"", "\"a\",", ",\"a\"", "*,\"a\"", "\"a\";q=1"}) {
    const auto tags = parse_entity_tags(text, "If-Match");
    ASSERT_FALSE(tags) << text;
    EXPECT_EQ(tags.error().code(), ErrorCode::parameter_invalid) << text;
    EXPECT_NE(tags.error().message().find("If-Match"), std::string::npos) << text;
  }
}

TEST(TagCondition, EachForm) {
  EXPECT_EQ(parse_tag_condition(with({}))->kind, Kind::none);
  EXPECT_EQ(parse_tag_condition(with({{"If-Match", "*"}}))->kind, Kind::must_exist);
  EXPECT_EQ(parse_tag_condition(with({{"If-None-Match", "*"}}))->kind, Kind::must_be_absent);
  const auto one = parse_tag_condition(with({{"if-match", quoted("a")}})).value();
  EXPECT_EQ(one.kind, Kind::must_be_one_of);
  EXPECT_EQ(one.digests, std::vector<oci::Digest>{digest("a")});
  const auto none = parse_tag_condition(with({{"If-None-Match", quoted("a") + ", " + quoted("b")}})).value();
  EXPECT_EQ(none.kind, Kind::must_not_be_one_of);
  EXPECT_EQ(none.digests, (std::vector<oci::Digest>{digest("a"), digest("b")}));
}

TEST(TagCondition, RepeatedFieldsAreOneList) {
  const auto both = parse_tag_condition(with({{"If-Match", quoted("a")}, {"If-Match", quoted("b")}})).value();
  EXPECT_EQ(both.digests.size(), 2U);
}

// A condition that nothing can meet stays a condition; dropping it would write what the client forbade.
TEST(TagCondition, WeakAndForeignTagsMatchNothing) {
  const auto condition = parse_tag_condition(with({{"If-Match", "W/" + quoted("a") + ", \"v1\""}})).value();
  EXPECT_EQ(condition.kind, Kind::must_be_one_of);
  EXPECT_TRUE(condition.digests.empty());
}

TEST(TagCondition, BothAtOnceIsAnError) {
  const auto condition = parse_tag_condition(with({{"If-Match", "*"}, {"If-None-Match", "*"}}));
  ASSERT_FALSE(condition);
  EXPECT_EQ(condition.error().code(), ErrorCode::parameter_invalid);
}

TEST(NotModified, WeakComparison) {
  EXPECT_FALSE(not_modified(with({}), digest("a")));
  EXPECT_TRUE(not_modified(with({{"If-None-Match", quoted("a")}}), digest("a")));
  EXPECT_TRUE(not_modified(with({{"If-None-Match", "W/" + quoted("a")}}), digest("a")));
  EXPECT_TRUE(not_modified(with({{"If-None-Match", "*"}}), digest("a")));
  EXPECT_TRUE(not_modified(with({{"If-None-Match", quoted("b")}, {"If-None-Match", quoted("a")}}), digest("a")));
  EXPECT_FALSE(not_modified(with({{"If-None-Match", quoted("b")}}), digest("a")));
  EXPECT_FALSE(not_modified(with({{"If-None-Match", digest("a").text()}}), digest("a")));
}

}  // namespace
}  // namespace berth::api
