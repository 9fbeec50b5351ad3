// Text cases as they stand in tests/http/cases/*.txt, parsed; tests/http/README.md describes the format.
//
// Pure apart from load_cases(), which reads the folder. Texts are templates still: case_text.h fills them in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/base/error.h"

namespace berth::test {

// What a response field must be.
struct FieldExpectation {
  enum class Kind : std::uint8_t { exact, matches, present, absent };
  std::string name;
  Kind kind = Kind::exact;
  std::string text;
};

// What a response body must be.
struct BodyExpectation {
  enum class Kind : std::uint8_t { anything, empty, exact, json, matches };
  Kind kind = Kind::anything;
  std::string text;
};

// A variable from a response field: the whole value, or the first group of `pattern`.
struct Capture {
  std::string variable;
  std::string field;
  std::string pattern;
};

struct Step {
  std::size_t line = 0;
  bool preparation = false;  // came with a fixture: it proves nothing of the case itself
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> fields;
  std::optional<std::string> body;

  int status = 0;  // 0: `error` says it
  std::optional<base::ErrorCode> error;
  std::vector<std::string> words;  // that the error's message holds
  std::vector<FieldExpectation> expected_fields;
  bool fields_as_before = false;  // like those of the step before
  BodyExpectation expected_body;
  std::vector<Capture> captures;
};

struct TextCase {
  std::string file;  // "blobs"
  std::size_t line = 0;
  std::string title;
  std::string route;
  std::string spec;
  std::string server = "default";  // variant of the daemon
  std::string protocol;            // the only one that can say this; empty: all
  std::string access;              // "open": only so without accounts
  std::vector<std::string> orgs;   // that it pushes to, beside {org}
  std::vector<std::string> given;  // fixtures, in order
  std::vector<std::pair<std::string, std::string>> bodies;
  std::vector<Step> steps;

  // Nothing to repeat with accounts: it is about having none, or has them already.
  [[nodiscard]] bool open_only() const { return access == "open" || server == "accounts"; }
};

struct CaseFile {
  std::vector<TextCase> cases;
  std::vector<TextCase> fixtures;  // title = the fixture's name
};

// Errors: request_malformed, with file and line.
base::Result<CaseFile> parse_cases(std::string_view file, std::string_view text);

// Every case below `folder`, with the bodies and steps of its fixtures (fixtures.txt) put in front.
// Errors: those of parse_cases(); io_error.
base::Result<std::vector<TextCase>> load_cases(const std::string& folder);

}  // namespace berth::test
