#include <gtest/gtest.h>

#include "api/call.h"

namespace berth::api {
namespace {

using base::ErrorCode;

Query parsed(std::string_view raw) { return Query::parse(raw).value(); }

TEST(Query, NamesAndValues) {
  const auto query = parsed("n=3&last=a%2Fb&flag&&empty=&tag=x&tag=y");
  EXPECT_EQ(query.find("n").value(), "3");
  EXPECT_EQ(query.find("last").value(), "a/b");
  EXPECT_EQ(query.find("flag").value(), "");
  EXPECT_EQ(query.find("empty").value(), "");
  EXPECT_EQ(query.find("missing").value(), std::nullopt);
  EXPECT_EQ(query.find_all("tag"), (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(query.find_all("missing").empty());
}

TEST(Query, NothingIsAQueryToo) { EXPECT_EQ(parsed("").find("n").value(), std::nullopt); }

TEST(Query, APlusIsAPlus) { EXPECT_EQ(parsed("t=a+b").find("t").value(), "a+b"); }

TEST(Query, OnlyTheFirstEqualsSignSeparates) { EXPECT_EQ(parsed("a=b=c").find("a").value(), "b=c"); }

TEST(Query, NamesAreDecodedOnce) {
  EXPECT_EQ(parsed("%6e=1").find("n").value(), "1");
  EXPECT_EQ(parsed("a=%2541").find("a").value(), "%41");
  EXPECT_EQ(parsed("a=%26b%3D1").find("a").value(), "&b=1");
}

TEST(Query, AParameterIsGivenOnce) {
  const auto found = parsed("n=1&n=1").find("n");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code(), ErrorCode::parameter_invalid);
}

TEST(Query, AFlagIsTrueOrFalse) {
  EXPECT_EQ(parsed("dry_run=true").find_flag("dry_run").value(), true);
  EXPECT_EQ(parsed("dry_run=false").find_flag("dry_run").value(), false);
  EXPECT_EQ(parsed("other=true").find_flag("dry_run").value(), std::nullopt);
  for (const auto* raw : {"dry_run", "dry_run=", "dry_run=1", "dry_run=TRUE", "dry_run=true&dry_run=true"}) {
    const auto flag = parsed(raw).find_flag("dry_run");
    ASSERT_FALSE(flag) << raw;
    EXPECT_EQ(flag.error().code(), ErrorCode::parameter_invalid) << raw;
  }
}

TEST(Query, BadEncodingIsRefused) {
  for (const auto* raw : {"%", "a=%", "a=%4", "a=%zz", "a=%4g", "%00=1", "a=%0a", "a=%7f", "a=%1F"}) {
    const auto query = Query::parse(raw);
    ASSERT_FALSE(query) << raw;
    EXPECT_EQ(query.error().code(), ErrorCode::uri_invalid) << raw;
  }
}

TEST(Query, WhatWeWriteWeReadBack) {
  const std::string odd = "a b&c=d%e+f/g:h\xc3\xa9~\"";
  EXPECT_EQ(encode_query_value("aZ0-._~:/"), "aZ0-._~:/");
  EXPECT_EQ(encode_query_value("a+b c"), "a%2Bb%20c");
  EXPECT_EQ(parsed("v=" + encode_query_value(odd)).find("v").value(), odd);
}

}  // namespace
}  // namespace berth::api
