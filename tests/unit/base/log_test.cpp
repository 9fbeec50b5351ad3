#include "berth/base/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "berth/base/json.h"
#include "berth/base/metrics.h"

namespace berth::base::log {
namespace {

constexpr const char* kKey = "berth_pQ3fTz0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4c";

Json json_of(std::string_view event, const Fields& fields) {
  const auto parsed = parse_json(format_line(Format::json, Level::info, event, fields));
  EXPECT_TRUE(parsed) << parsed.error().message();
  return parsed.value_or(Json());
}

std::string text_of(std::string_view event, const Fields& fields) {
  const std::string line = format_line(Format::text, Level::warning, event, fields);
  return line.substr(28);  // without the time
}

TEST(Log, JsonLineHasItsFieldsWithTheirTypes) {
  const Json line =
      json_of("upload committed", {{"text", "a"}, {"count", 7}, {"big", std::int64_t{1} << 60}, {"ratio", 0.5}, {"yes", true}});
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["event"], "upload committed");
  EXPECT_EQ(line["text"], "a");
  EXPECT_EQ(line["count"], 7);
  EXPECT_EQ(line["big"], std::int64_t{1} << 60);
  EXPECT_EQ(line["ratio"], 0.5);
  EXPECT_EQ(line["yes"], true);
  EXPECT_EQ(line["time"].get<std::string>().size(), 27U);
  EXPECT_TRUE(format_line(Format::json, Level::info, "e", {{"x", 1}}).starts_with("{\"time\":\""));
}

TEST(Log, NumbersThatJsonLacksBecomeNull) {
  EXPECT_TRUE(json_of("e", {{"x", std::nan("")}})["x"].is_null());
  EXPECT_TRUE(json_of("e", {{"x", std::numeric_limits<double>::infinity()}})["x"].is_null());
}

TEST(Log, TextLineQuotesWhatWouldBeMisread) {
  EXPECT_EQ(text_of("it happened",
                    {{"a", "plain"}, {"b", "two words"}, {"c", ""}, {"d", "x=y"}, {"e", "q\"q"}, {"n", -3}, {"f", false}}),
            R"(warning it happened a=plain b="two words" c="" d="x=y" e="q\"q" n=-3 f=false)");
}

TEST(Log, NoInputCanForgeALine) {
  const std::string evil = "x\n{\"level\":\"error\"}\r\x1b[31m\x7f\t\xc2\x85\xe2\x80\xa8\x01";
  for (const Format format : {Format::text, Format::json}) {
    const std::string line = format_line(format, Level::info, evil, {{"a", evil}, {evil, "b"}});
    for (const unsigned char c : line) EXPECT_TRUE(c >= 0x20 && c != 0x7f) << static_cast<int>(c);
    EXPECT_EQ(line.find("\xc2\x85"), std::string::npos);
    EXPECT_EQ(line.find("\xe2\x80\xa8"), std::string::npos);
  }
  EXPECT_EQ(json_of(evil, {})["event"], evil) << "escaped, not lost";
}

TEST(Log, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_EQ(json_of("e", {{"x", "a\xff\xc3"}})["x"], "a\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(json_of("e", {{"x", "é€😀"}})["x"], "é€😀");
  EXPECT_EQ(json_of("e", {{"x", "\xed\xa0\x80"}})["x"], "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Log, SecretFieldsAreNeverWritten) {
  for (const char* name : {"authorization", "Authorization", "cookie", "set-cookie", "password", "token", "secret", "key",
                           "_state", "api_key", "refresh_token", "DB_PASSWORD", "http.cookie"}) {
    EXPECT_EQ(json_of("e", {{name, "hunter2"}})[name], "[redacted]") << name;
    EXPECT_EQ(format_line(Format::text, Level::info, "e", {{name, "hunter2"}}).find("hunter2"), std::string::npos) << name;
    EXPECT_EQ(json_of("e", {{name, 12345}})[name], "[redacted]") << name;
  }
  for (const char* name : {"tokens", "keys", "keyword", "state"}) EXPECT_EQ(json_of("e", {{name, "fine"}})[name], "fine") << name;
}

TEST(Log, CredentialsAreCutOutOfAnyText) {
  const std::string key(kKey);
  EXPECT_EQ(redact("login with " + key + " failed"), "login with [redacted] failed");
  EXPECT_EQ(redact("nvapi-" + key.substr(7)), "[redacted]");
  EXPECT_EQ(redact("Authorization: Bearer abc.def-ghi= next"), "Authorization: Bearer [redacted] next");
  EXPECT_EQ(redact("authorization: basic   dTpw, x"), "authorization: basic [redacted], x");
  EXPECT_EQ(redact("t=eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln;"), "t=[redacted];");
  EXPECT_EQ(redact("/v2/a/blobs/uploads/1?_state=AbC%2B&digest=sha256:0"),
            "/v2/a/blobs/uploads/1?_state=[redacted]&digest=sha256:0");
  EXPECT_EQ(redact("/v2/?access_token=abc&password=x&api_key=y&n=1"),
            "/v2/?access_token=[redacted]&password=[redacted]&api_key=[redacted]&n=1");
  EXPECT_EQ(redact(key + "_" + key), "[redacted]") << "no tail of anything glued to a key";
}

TEST(Log, OrdinaryTextStays) {
  for (const char* text :
       {"", "berth_http_requests_total", "berth_data", "basically fine", "bearer", "nvapi-x", "the key", "keyJar"}) {
    EXPECT_EQ(redact(text), text);
  }
}

TEST(Log, EventsAreRedactedToo) { EXPECT_EQ(json_of(std::string("got ") + kKey, {})["event"], "got [redacted]"); }

TEST(Log, LevelsHaveNames) {
  EXPECT_EQ(find_level("trace"), Level::trace);
  EXPECT_EQ(find_level("off"), Level::off);
  EXPECT_EQ(find_level("Info"), std::nullopt);
  EXPECT_EQ(find_level(""), std::nullopt);
}

// Gives the logger back as it was.
class WrittenLog : public testing::Test {
 protected:
  ~WrittenLog() override { configure(Format::text, Level::info); }
};

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST_F(WrittenLog, OnlyWhatTheLevelAllowsIsWritten) {
  configure(Format::json, Level::warning);
  EXPECT_FALSE(enabled(Level::info));
  EXPECT_TRUE(enabled(Level::error));
  EXPECT_FALSE(enabled(Level::off));
  testing::internal::CaptureStderr();
  info("quiet");
  warning("loud {} %s %v", {{"a", 1}});
  const auto lines = lines_of(testing::internal::GetCapturedStderr());
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(parse_json(lines[0]).value()["event"], "loud {} %s %v") << "the event is no format string";

  configure(Format::json, Level::off);
  testing::internal::CaptureStderr();
  error("nothing");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(WrittenLog, LinesOfManyThreadsNeverInterleave) {
  configure(Format::json, Level::info);
  testing::internal::CaptureStderr();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 100; ++i) info("event", {{"thread", t}, {"i", i}, {"pad", std::string(200, 'p')}});
    });
  }
  for (auto& thread : threads) thread.join();
  const auto lines = lines_of(testing::internal::GetCapturedStderr());
  ASSERT_EQ(lines.size(), 400U);
  for (const auto& line : lines) ASSERT_TRUE(parse_json(line)) << line;
  EXPECT_NE(metrics::expose().find("berth_log_lines_total{level=\"info\"} "), std::string::npos);
}

}  // namespace
}  // namespace berth::base::log
