#include "http/h2_head.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace berth::http {
namespace {

using base::ErrorCode;
using List = std::vector<std::pair<std::string, std::string>>;

List good() { return {{":method", "GET"}, {":scheme", "https"}, {":authority", "h:5000"}, {":path", "/v2/?n=1"}}; }

struct Outcome {
  base::Result<H2Head::Facts> facts;
  Request request;
};

Outcome read(const List& fields, H2End end = H2End::ended, HeadLimits limits = {}) {
  H2Head head(limits);
  for (const auto& [name, value] : fields) head.add(name, value);
  Request request;
  auto facts = head.finish(end, request);
  return {std::move(facts), std::move(request)};
}

ErrorCode error_of(List more, H2End end = H2End::ended) {
  List fields = good();
  fields.insert(fields.end(), more.begin(), more.end());
  const auto outcome = read(fields, end);
  return outcome.facts ? ErrorCode::internal : outcome.facts.error().code();
}

TEST(H2HeadTest, FillsTheRequest) {
  List fields = good();
  fields.emplace_back("accept", "a");
  fields.emplace_back("cookie", "x=1");
  fields.emplace_back("cookie", "y=2");
  const auto [facts, request] = read(fields);
  ASSERT_TRUE(facts) << facts.error().message();
  EXPECT_EQ(request.protocol, Protocol::http2);
  EXPECT_EQ(request.method, Method::get);
  EXPECT_EQ(request.target, "/v2/?n=1");
  EXPECT_EQ(request.authority, "h:5000");
  EXPECT_EQ(request.fields.find("Accept"), "a");
  EXPECT_EQ(request.fields.find("Cookie"), "x=1; y=2");
  EXPECT_FALSE(request.has_body);
}

TEST(H2HeadTest, KnowsWhetherABodyFollows) {
  EXPECT_TRUE(read(good(), H2End::open).request.has_body);
  List fields = good();
  fields.emplace_back("content-length", "0");
  EXPECT_FALSE(read(fields, H2End::open).request.has_body);
  fields.back().second = "7";
  fields.emplace_back("expect", "100-continue");
  const auto [facts, request] = read(fields, H2End::open);
  ASSERT_TRUE(facts);
  EXPECT_TRUE(facts->expects_continue);
  EXPECT_EQ(request.content_length, 7U);
}

TEST(H2HeadTest, TakesHostForAuthorityWhenTheyAgree) {
  List fields = good();
  fields.emplace_back("host", "H:5000");
  EXPECT_TRUE(read(fields).facts);
  std::erase_if(fields, [](const auto& field) { return field.first == ":authority"; });
  EXPECT_EQ(read(fields).request.authority, "H:5000");
  fields.emplace_back("host", "H:5000");
  EXPECT_FALSE(read(fields).facts);
}

TEST(H2HeadTest, RefusesWhatHttp2Forbids) {
  for (const List& more : std::vector<List>{{{":path", "/"}},
                                            {{":status", "200"}},
                                            {{"accept", "a"}, {":path", "/"}},
                                            {{"Accept", "a"}},
                                            {{"a b", "c"}},
                                            {{"", "c"}},
                                            {{"x", "a\nb"}},
                                            {{"x", " a"}},
                                            {{"x", std::string("\0", 1)}},
                                            {{"connection", "close"}},
                                            {{"keep-alive", "1"}},
                                            {{"proxy-connection", "x"}},
                                            {{"transfer-encoding", "chunked"}},
                                            {{"upgrade", "x"}},
                                            {{"te", "gzip"}},
                                            {{"host", "other"}},
                                            {{"content-length", "1"}},
                                            {{"content-length", "x"}},
                                            {{"content-length", "0"}, {"content-length", "0"}}}) {
    EXPECT_EQ(error_of(more), ErrorCode::request_malformed) << more.front().first << ": " << more.front().second;
  }
  EXPECT_EQ(error_of({{"expect", "x"}}), ErrorCode::expectation_failed);
}

TEST(H2HeadTest, NeedsEveryPseudoField) {
  for (const char* name : {":method", ":scheme", ":authority", ":path"}) {
    List fields = good();
    std::erase_if(fields, [&](const auto& field) { return field.first == name; });
    EXPECT_FALSE(read(fields).facts) << name;
  }
}

TEST(H2HeadTest, SaysTooLargeWithThePathThatItKnows) {
  List fields = good();
  fields.emplace_back("x", std::string(1000, 'y'));
  const auto long_one = read(fields, H2End::ended, {900, 10});
  EXPECT_EQ(long_one.facts.error().code(), ErrorCode::header_too_large);
  EXPECT_EQ(long_one.request.target, "/v2/?n=1");
  const auto many = read(fields, H2End::ended, {9000, 0});
  EXPECT_EQ(many.facts.error().code(), ErrorCode::header_too_large);
}

}  // namespace
}  // namespace berth::http
