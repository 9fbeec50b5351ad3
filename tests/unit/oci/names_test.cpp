#include "berth/oci/names.h"

#include <gmock/gmock.h>

#include <regex>
#include <set>

namespace berth::oci {
namespace {

using base::ErrorCode;
using testing::HasSubstr;

std::string repeat(std::size_t count, char c) { return std::string(count, c); }

struct Good {
  std::string name;
  std::string org;
  std::string team;
};

TEST(RepositoryName, TakesWhatTheSpecAllows) {
  const Good cases[] = {
      {"a", "", ""},
      {"0", "", ""},
      {"alpine", "", ""},
      {"nvidia/cuda", "nvidia", ""},
      {"nvidia/tao/detectnet", "nvidia", "tao"},
      {"host/docker.io/library/alpine", "host", "docker.io"},
      {"a/b/c/d/e/f/g", "a", "b"},
      {"a.b/c_d/e__f/g-h/i--j/k---------l", "a.b", "c_d"},
      {"1.2.3/4.5.6", "1.2.3", ""},
      {"a_b__c.d-e--f", "", ""},
      {"manifests/blobs/tags/uploads", "manifests", "blobs"},
      {"x/manifests/latest", "x", "manifests"},
      {"x/tags", "x", ""},  // a reserved team name, but not in a team's place
      {"x/y/tags", "x", "y"},
      {"modelsx/a", "modelsx", ""},
      {"x/models", "x", ""},
      {repeat(255, 'a'), "", ""},  // one part lies in the default org: no limit but the whole's
      {repeat(63, 'a') + "/b", repeat(63, 'a'), ""},
      {"a/" + repeat(253, 'b'), "a", ""},
      {"a/" + repeat(63, 'b') + "/c", "a", repeat(63, 'b')},
      {"a/b/" + repeat(251, 'c'), "a", "b"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto parsed = RepositoryName::parse(c.name);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message();
    EXPECT_EQ(parsed->text(), c.name);
    EXPECT_EQ(parsed->org(), c.org);
    EXPECT_EQ(parsed->team(), c.team);
  }
}

struct Bad {
  std::string name;
  const char* message;
};

TEST(RepositoryName, RefusesTheRestAndSaysWhichRule) {
  const Bad cases[] = {
      // Parts
      {"", "at least one letter or digit"},
      {"/", "empty parts"},
      {"//", "empty parts"},
      {"/a", "empty parts"},
      {"a/", "empty parts"},
      {"a//b", "empty parts"},
      {"a/b//", "empty parts"},
      // Traversal
      {".", "begin and end"},
      {"..", "begin and end"},
      {"../a", "begin and end"},
      {"a/..", "begin and end"},
      {"a/../b", "begin and end"},
      {"a/./b", "begin and end"},
      {"a/.../b", "begin and end"},
      {"a/..b", "begin and end"},
      {"a/b..", "begin and end"},
      {"a..b", "not \"..\""},
      {"..\\a", "the character \"\\\\\""},
      {"a\\b", "the character \"\\\\\""},
      {"/etc/passwd", "empty parts"},
      {"~root/a", "the character \"~\""},
      {"c:/a", "the character \":\""},
      // Encodings
      {"a%2fb", "percent-encoding"},
      {"a%2Fb", "percent-encoding"},
      {"%2e%2e/a", "percent-encoding"},
      {"%252e%252e/a", "percent-encoding"},
      {"a%00b", "percent-encoding"},
      {"a%", "percent-encoding"},
      {"a+b", "the character \"+\""},
      {"a;b", "the character \";\""},
      {"a?b", "the character \"?\""},
      {"a#b", "the character \"#\""},
      {"a&b=c", "the character \"&\""},
      {"a b", "the character \" \""},
      {" a", "the character \" \""},
      {"a ", "the character \" \""},
      {"a\tb", "the character \"\\x09\""},
      {"a\nb", "the character \"\\x0a\""},
      {"a\r\nb", "the character \"\\x0d\""},
      {std::string("a\0b", 3), "the character \"\\x00\""},
      {std::string("a/b\0", 4), "the character \"\\x00\""},
      {"a\x7f", "the character \"\\x7f\""},
      // Unicode: umlaut, overlong dot and slash, full-width letter, zero-width space, soft dotless i, right-to-left override
      {"\xC3\xA4", "the character \"\\xc3\""},
      {"a/\xC0\xAE\xC0\xAE/b", "the character \"\\xc0\""},
      {"a\xC0\xAF"
       "b",
       "the character \"\\xc0\""},
      {"\xEF\xBD\x81", "the character \"\\xef\""},
      {"a\xE2\x80\x8B", "the character \"\\xe2\""},
      {"\xC4\xB1", "the character \"\\xc4\""},
      {"a\xE2\x80\xAE"
       "b",
       "the character \"\\xe2\""},
      {"a\xEF\xBC\x8F"
       "b",
       "the character \"\\xef\""},
      // Case
      {"A", "upper-case"},
      {"Alpine", "upper-case"},
      {"a/B", "upper-case"},
      {"NVIDIA/cuda", "upper-case"},
      // Separators
      {"-a", "begin and end"},
      {"a-", "begin and end"},
      {"_a", "begin and end"},
      {"a_", "begin and end"},
      {".a", "begin and end"},
      {"a.", "begin and end"},
      {"a/-b", "begin and end"},
      {"a-/b", "begin and end"},
      {"-", "begin and end"},
      {"__", "begin and end"},
      {"a___b", "not \"___\""},
      {"a._b", "not \"._\""},
      {"a_.b", "not \"_.\""},
      {"a.-b", "not \".-\""},
      {"a-_b", "not \"-_\""},
      {"a-.b", "not \"-.\""},
      {"a--_--b", "not \"--_--\""},
      {"a/b/c..d", "not \"..\""},
      // Lengths
      {repeat(256, 'a'), "256 characters, at most 255"},
      {"a/" + repeat(254, 'b'), "256 characters, at most 255"},
      {repeat(100'000, 'a'), "100000 characters, at most 255"},
      {repeat(64, 'a') + "/b", "organisation (first part) has 64 characters, at most 63"},
      {"a/" + repeat(64, 'b') + "/c", "team (second part) has 64 characters, at most 63"},
      // References that came along
      {"a:latest", "the character \":\""},
      {"a@sha256:x", "the character \"@\""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto parsed = RepositoryName::parse(c.name);
    ASSERT_FALSE(parsed.has_value());
    EXPECT_EQ(parsed.error().code(), ErrorCode::name_invalid);
    EXPECT_THAT(parsed.error().message(), HasSubstr(c.message));
    EXPECT_LT(parsed.error().message().size(), 400U);
  }
}

TEST(RepositoryName, KeepsReservedWordsForTheApi) {
  EXPECT_EQ(reserved_org_names().size(), 34U);
  for (const auto word : reserved_org_names()) {
    for (const std::string suffix : {"", "/x", "/x/y", "/x/y/z"}) {
      const auto parsed = RepositoryName::parse(std::string(word) + suffix);
      ASSERT_FALSE(parsed.has_value()) << word;
      EXPECT_EQ(parsed.error().code(), ErrorCode::name_reserved);
      EXPECT_THAT(parsed.error().message(), HasSubstr("the first part \"" + std::string(word) + "\" is reserved"));
    }
    EXPECT_TRUE(RepositoryName::parse("x/" + std::string(word) + "y/z").has_value());
  }
  EXPECT_EQ(reserved_team_names().size(), 8U);
  for (const auto word : reserved_team_names()) {
    const auto parsed = RepositoryName::parse("x/" + std::string(word) + "/y");
    ASSERT_FALSE(parsed.has_value()) << word;
    EXPECT_EQ(parsed.error().code(), ErrorCode::name_reserved);
    EXPECT_THAT(parsed.error().message(), HasSubstr("\"" + std::string(word) + "\" is reserved"));
    EXPECT_TRUE(RepositoryName::parse("x/" + std::string(word)).has_value()) << word;
    EXPECT_TRUE(RepositoryName::parse("x/y/" + std::string(word)).has_value()) << word;
  }
}

TEST(RepositoryName, ReservedWordsAreTheContractsOwn) {
  const std::set<std::string_view> orgs(reserved_org_names().begin(), reserved_org_names().end());
  for (const char* word : {"org", "models", "v2", "v3", "api", "ui", "token", "artifact-registry", "malware-scan-notification",
                           "public-keys", "no-org", "health", "helm-charts"}) {
    EXPECT_TRUE(orgs.contains(word)) << word;
  }
  EXPECT_EQ(orgs.size(), reserved_org_names().size()) << "a word stands twice";
}

// Every name of up to six characters over an alphabet that holds all kinds of separators, against the grammar as the spec writes it.
TEST(RepositoryName, AgreesWithTheSpecsRegularExpression) {
  const std::regex grammar(R"([a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*)");
  constexpr std::string_view kAlphabet = "x._-/";
  std::size_t accepted = 0;
  for (std::size_t length = 1; length <= 6; ++length) {
    std::vector<std::size_t> at(length, 0);
    for (bool more = true; more;) {
      std::string name;
      for (const auto index : at) name += kAlphabet[index];
      const bool expected = std::regex_match(name, grammar);
      ASSERT_EQ(RepositoryName::parse(name).has_value(), expected) << name;
      accepted += expected ? 1 : 0;
      more = false;
      for (auto& index : at) {
        if (++index < kAlphabet.size()) {
          more = true;
          break;
        }
        index = 0;
      }
    }
  }
  EXPECT_GT(accepted, 100U);
}

TEST(Tag, TakesWhatTheSpecAllows) {
  for (const std::string& text : {std::string("latest"), std::string("v1.0"), std::string("1"), std::string("_"),
                                  std::string("A"), std::string("_-."), std::string("Z..--__"), std::string("24.05-py3"),
                                  "sha256-" + repeat(64, 'a') + ".sig", repeat(128, 'x'), std::string("1.0.0_build.5")}) {
    const auto tag = Tag::parse(text);
    ASSERT_TRUE(tag.has_value()) << text;
    EXPECT_EQ(tag->text(), text);
  }
}

TEST(Tag, RefusesTheRestAndSaysWhichRule) {
  const Bad cases[] = {
      {"", "at least one character"},
      {repeat(129, 'x'), "129 characters, at most 128"},
      {".INVALID_MANIFEST_NAME", "begin with"},  // conformance v1.1
      {"-a", "begin with"},
      {".", "begin with"},
      {"..", "begin with"},
      {" a", "begin with"},
      {"+a", "begin with"},
      {"%61", "begin with"},
      {"\xC3\xA4", "begin with"},
      {std::string(1, '\0'), "begin with"},
      {"a/b", "the character \"/\""},
      {"a/../b", "the character \"/\""},
      {"a\\b", "the character \"\\\\\""},
      {"a%2fb", "the character \"%\""},
      {"a b", "the character \" \""},
      {"a ", "the character \" \""},
      {"a\n", "the character \"\\x0a\""},
      {std::string("a\0", 2), "the character \"\\x00\""},
      {"a:b", "the character \":\""},
      {"a@b", "the character \"@\""},
      {"1.0.0+build.5", "write '_' instead"},
      {"a\xE2\x80\x8B", "the character \"\\xe2\""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto tag = Tag::parse(c.name);
    ASSERT_FALSE(tag.has_value());
    EXPECT_EQ(tag.error().code(), ErrorCode::tag_invalid);
    EXPECT_THAT(tag.error().message(), HasSubstr(c.message));
  }
}

TEST(Reference, IsADigestWhenItHasAColon) {
  const std::string digest = "sha256:" + repeat(64, 'a');
  const auto by_digest = parse_reference(digest);
  ASSERT_TRUE(by_digest.has_value());
  EXPECT_TRUE(std::holds_alternative<Digest>(*by_digest));
  EXPECT_EQ(reference_text(*by_digest), digest);

  const auto by_tag = parse_reference("sha256-" + repeat(64, 'a'));
  ASSERT_TRUE(by_tag.has_value());
  EXPECT_TRUE(std::holds_alternative<Tag>(*by_tag));
  EXPECT_EQ(reference_text(*by_tag), "sha256-" + repeat(64, 'a'));
}

TEST(Reference, FailsAsItsKindFails) {
  EXPECT_EQ(parse_reference("").error().code(), ErrorCode::tag_invalid);
  EXPECT_EQ(parse_reference("a/b").error().code(), ErrorCode::tag_invalid);
  EXPECT_EQ(parse_reference(":").error().code(), ErrorCode::digest_invalid);
  EXPECT_EQ(parse_reference("sha256:baddigeststring").error().code(), ErrorCode::digest_invalid);
  EXPECT_EQ(parse_reference("sha384:" + repeat(96, 'a')).error().code(), ErrorCode::digest_unsupported);
  EXPECT_EQ(parse_reference("latest@sha256:" + repeat(64, 'a')).error().code(), ErrorCode::digest_invalid);
}

}  // namespace
}  // namespace berth::oci
