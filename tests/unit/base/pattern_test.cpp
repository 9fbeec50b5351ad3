#include "berth/base/pattern.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

namespace berth::base {
namespace {

TEST(Pattern, AStarStandsForAnything) {
  EXPECT_TRUE(matches_pattern("*", ""));
  EXPECT_TRUE(matches_pattern("*", "acme/team/app"));
  EXPECT_TRUE(matches_pattern("acme/*", "acme/team/app"));
  EXPECT_TRUE(matches_pattern("v*.0", "v1.0.0"));
  EXPECT_TRUE(matches_pattern("a**b", "ab"));
  EXPECT_TRUE(matches_pattern("", ""));
}

TEST(Pattern, TheWholeTextMustFit) {
  EXPECT_FALSE(matches_pattern("acme/*", "acme"));
  EXPECT_FALSE(matches_pattern("acme", "acme/app"));
  EXPECT_FALSE(matches_pattern("v*.0", "v1.0.1"));
  EXPECT_FALSE(matches_pattern("", "a"));
  EXPECT_FALSE(matches_pattern("*a*b*c", "ccbbaa"));
}

// A pattern of stars against a long text that almost fits must not take exponential time.
TEST(Pattern, ManyStarsStayQuick) {
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "a*";
  EXPECT_FALSE(matches_pattern(pattern + "b", std::string(200, 'a')));
}

TEST(Pattern, AQuestionMarkStandsForOneCharacterWhereItIsToldTo) {
  for (const auto& [pattern, fits, does_not] :
       std::vector<std::tuple<const char*, const char*, const char*>>{{"v*", "v1.2", "1v"},
                                                                      {"*", "anything", nullptr},
                                                                      {"v?", "v1", "v12"},
                                                                      {"*-rc*", "1.0-rc1", "1.0"},
                                                                      {"latest", "latest", "latest2"},
                                                                      {"a*b*c", "aXbYbZc", "aXbYbZ"},
                                                                      {"**", "x", nullptr},
                                                                      {"?", "x", ""}}) {
    EXPECT_TRUE(matches_pattern(pattern, fits, QuestionMark::any_character)) << pattern;
    if (does_not != nullptr) {
      EXPECT_FALSE(matches_pattern(pattern, does_not, QuestionMark::any_character)) << pattern;
    }
  }
  // A pattern made to take for ever takes no time.
  EXPECT_FALSE(matches_pattern("*a*a*a*a*a*a*a*a*a*a*a*b", std::string(128, 'a'), QuestionMark::any_character));
  EXPECT_FALSE(matches_pattern("?", "x"));
  EXPECT_TRUE(matches_pattern("?", "?"));
}

TEST(Pattern, AListMatchesByOneOfItsPatterns) {
  EXPECT_TRUE(matches_any_pattern("v*,release-*", "release-1"));
  EXPECT_FALSE(matches_any_pattern("v*,release-*", "latest"));
  EXPECT_FALSE(matches_any_pattern("", "latest"));
  EXPECT_FALSE(matches_any_pattern(",", ""));
}

}  // namespace
}  // namespace berth::base
