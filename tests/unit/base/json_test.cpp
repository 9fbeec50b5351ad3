#include "berth/base/json.h"

#include <gtest/gtest.h>

#include <string>

namespace berth::base {
namespace {

std::string message(std::string_view text, const JsonLimits& limits = {}) {
  const auto parsed = parse_json(text, limits);
  if (parsed) return "accepted";
  EXPECT_EQ(parsed.error().code(), ErrorCode::request_malformed);
  return parsed.error().message();
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(Json, TakesWhatTheRfcTakes) {
  const auto parsed = parse_json(R"( {"a": [1, -2, 1.5e3, true, false, null, "x\u00e9\ud83d\ude00"], "b": {"a": {}}, "": []} )");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, Json::parse(R"({"a":[1,-2,1500.0,true,false,null,"xé😀"],"b":{"a":{}},"":[]})"));
  EXPECT_TRUE((*parsed)["a"][0].is_number_unsigned());
  EXPECT_EQ(*parse_json("7"), Json(7));
  EXPECT_EQ(*parse_json("\"x\""), Json("x"));
  EXPECT_EQ(*parse_json("null"), Json());
  EXPECT_EQ(*parse_json("[[],[{}],{\"k\":[1]}]"), Json::parse("[[],[{}],{\"k\":[1]}]"));
}

TEST(Json, RefusesDuplicateKeysAndSaysWhere) {
  EXPECT_EQ(message(R"({"layers":1,"layers":2})"), R"(invalid JSON at byte 12: duplicate key "layers" in one object)");
  EXPECT_EQ(message(R"([{"x":{"a":1, "a":1}}])"), R"(invalid JSON at byte 14: duplicate key "a" in one object)");
  // The same key by another spelling.
  EXPECT_EQ(message(R"({"a":1,"\u0061":2})"), R"(invalid JSON at byte 7: duplicate key "a" in one object)");
  EXPECT_EQ(message(R"({"a\"\\":1,"a\"\\":2})"), R"(invalid JSON at byte 11: duplicate key "a\"\\" in one object)");
  EXPECT_EQ(message(R"({"a":{"b":1},"b":{"a":1}})"), "accepted");
  const std::string key(200, 'k');
  EXPECT_EQ(message("{\"" + key + "\":1,\"" + key + "\":1}"),
            "invalid JSON at byte 206: duplicate key \"" + key.substr(0, 64) + "\"… in one object");
}

TEST(Json, LimitsDepth) {
  EXPECT_EQ(message(nested(32)), "accepted");
  EXPECT_EQ(message(nested(33)), "invalid JSON at byte 32: nested deeper than 32 levels");
  EXPECT_EQ(message(std::string(2'000'000, '[')), "invalid JSON at byte 32: nested deeper than 32 levels");
  EXPECT_EQ(message(R"({"a":{"b":1}})", {.max_depth = 1}), "invalid JSON at byte 5: nested deeper than 1 levels");
}

TEST(Json, LimitsValues) {
  const JsonLimits four{.max_values = 4};
  EXPECT_EQ(message("[1,2,3]", four), "accepted");
  EXPECT_EQ(message("[1,2,3,-45]", four), "invalid JSON at byte 7: more than 4 values");
  EXPECT_EQ(message("[1,2,3, 45 ]", four), "invalid JSON at byte 8: more than 4 values");
  EXPECT_EQ(message(R"({"a":1,"b":2})", four), "invalid JSON at byte 11: more than 4 values");
  EXPECT_EQ(message(R"(["a","b","c","d"])", four), "invalid JSON at byte 13: more than 4 values");
  EXPECT_EQ(message("[1,2,3,false]", four), "invalid JSON at byte 7: more than 4 values");
  EXPECT_EQ(message("[1,2,3,[]]", four), "invalid JSON at byte 7: more than 4 values");
  EXPECT_EQ(message(R"({"a":1,"b":{},"c":1})", four), "invalid JSON at byte 11: more than 4 values");
  EXPECT_EQ(message(R"([1,2,3,{"c":1}])", {.max_values = 5}), "invalid JSON at byte 8: more than 5 values");
}

TEST(Json, RefusesWhatTwoReadersCouldReadDifferently) {
  EXPECT_EQ(message("{} {}"), "invalid JSON at byte 3: unexpected '{'; expected end of input");
  EXPECT_EQ(message("{}x").substr(0, 36), "invalid JSON at byte 2: invalid lite");
  EXPECT_EQ(message(std::string_view("{}\0{\"hidden\":1}", 15)), "invalid JSON at byte 2: a NUL byte");
  EXPECT_EQ(message("\xEF\xBB\xBF{}"), "invalid JSON at byte 0: a byte order mark");
  EXPECT_NE(message("{} // c"), "accepted");
  EXPECT_NE(message("[1,]"), "accepted");
  EXPECT_NE(message("[NaN]"), "accepted");
  EXPECT_NE(message("{'a':1}"), "accepted");
  EXPECT_NE(message("[01]"), "accepted");
  EXPECT_EQ(message("[1e999]").substr(24), "a number that is too large");
}

TEST(Json, RefusesBadUtf8AndLoneSurrogates) {
  EXPECT_EQ(message("[\"ab\xff\"]"), "invalid JSON at byte 4: invalid string: ill-formed UTF-8 byte");
  EXPECT_NE(message("[\"\xc0\xaf\"]"), "accepted");          // overlong
  EXPECT_NE(message("[\"\xed\xa0\x80\"]"), "accepted");      // a surrogate in UTF-8
  EXPECT_NE(message("[\"\xf4\x90\x80\x80\"]"), "accepted");  // beyond U+10FFFF
  EXPECT_NE(message(R"(["\ud800"])"), "accepted");
  EXPECT_NE(message(R"(["\udc00x"])"), "accepted");
  EXPECT_NE(message("[\"a\nb\"]"), "accepted");
}

TEST(Json, SaysWhereTheTextEnds) {
  EXPECT_EQ(message(""), "invalid JSON at byte 0: empty text");
  EXPECT_EQ(message("   ").substr(0, 45), "invalid JSON at byte 3: unexpected end of inp");
  EXPECT_EQ(message(R"({"a":[1,2)"), "invalid JSON at byte 9: unexpected end of input; expected ']'");
}

TEST(Json, DoesNotRepeatWhatItRead) {
  // The document may hold a secret, and messages go to logs.
  EXPECT_EQ(message(R"({"password":"hunter2)").find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace berth::base
