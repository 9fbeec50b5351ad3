#include "berth/base/yaml.h"

#include <gtest/gtest.h>

#include <string>

namespace berth::base {
namespace {

std::string message(std::string_view text) {
  const auto parsed = parse_yaml(text);
  if (parsed) return "accepted: " + parsed->dump();
  EXPECT_EQ(parsed.error().code(), ErrorCode::configuration_invalid);
  return parsed.error().message();
}

TEST(Yaml, EveryScalarIsText) {
  const auto parsed = parse_yaml(
      "# comment\nlisten: 127.0.0.1:8080\nworkers: 4\nopen: yes\nempty:\nquoted: \"08\"\nlist: [a, 2, ~]\n"
      "log:\n  level: info\n  fields:\n    - x\n    - y: 1\n");
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_EQ(*parsed,
            Json::parse(R"({"listen":"127.0.0.1:8080","workers":"4","open":"yes","empty":"","quoted":"08","list":["a","2",""],
                                     "log":{"level":"info","fields":["x",{"y":"1"}]}})"));
}

TEST(Yaml, AnEmptyDocumentIsAnEmptyObject) {
  for (const char* text : {"", "\n", "# nothing\n", "---\n", "---\n...\n", "{}"})
    EXPECT_EQ(message(text), "accepted: {}") << text;
}

TEST(Yaml, RefusesDuplicateKeys) {
  EXPECT_EQ(message("a: 1\nb: 2\na: 3\n"), "invalid YAML at line 3, column 1: duplicate key \"a\"");
  EXPECT_EQ(message("x:\n  a: 1\n  \"a\": 3\n"), "invalid YAML at line 3, column 3: duplicate key \"a\"");
  EXPECT_EQ(message("x: {a: {}, a: []}\n"), "invalid YAML at line 1, column 12: duplicate key \"a\"");
}

TEST(Yaml, SaysWhereItIsBroken) {
  EXPECT_TRUE(message("a: 1\nb: [1, 2\nc: 3\n").starts_with("invalid YAML at line ")) << message("a: 1\nb: [1, 2\nc: 3\n");
  EXPECT_TRUE(message("a: 1\n\tb: 2\n").starts_with("invalid YAML at line 2, column ")) << message("a: 1\n\tb: 2\n");
  EXPECT_TRUE(message("a: b: c\n").starts_with("invalid YAML at line 1, column ")) << message("a: b: c\n");
}

TEST(Yaml, RefusesWhatAConfigurationNeedsNot) {
  EXPECT_EQ(message("- a\n- b\n"), "invalid YAML at line 1, column 1: the document must be a mapping of names to values");
  EXPECT_EQ(message("just text"), "invalid YAML at line 1, column 1: the document must be a mapping of names to values");
  EXPECT_EQ(message("a: &x 1\nb: 2\n"), "invalid YAML at line 1, column 4: anchors are not allowed here");
  EXPECT_TRUE(message("a: &x 1\nb: *x\n").ends_with("anchors are not allowed here"));
  EXPECT_TRUE(message("a: !!binary aGk=\n").ends_with("tags are not allowed here"));
  EXPECT_TRUE(message("? [a]\n: 1\n").ends_with("a key must be plain text"));
  EXPECT_TRUE(message("~: 1\n").ends_with("a key is missing"));
  EXPECT_TRUE(message("a: 1\n---\nb: 1\n").ends_with("a second document; there may be one alone"));
}

TEST(Yaml, LimitsDepth) {
  EXPECT_TRUE(message("a: " + std::string(40, '[') + std::string(40, ']')).ends_with("nested deeper than 32 levels"));
  EXPECT_TRUE(message("a: " + std::string(100'000, '[')).starts_with("invalid YAML"));
}

}  // namespace
}  // namespace berth::base
