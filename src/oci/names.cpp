#include "berth/oci/names.h"

#include <algorithm>
#include <array>

#include "oci/text.h"

namespace berth::oci {

namespace {

using base::ErrorCode;

// First parts that the NGC face, other faces or the daemon itself answer. CONTRACTS.md "Addresses".
constexpr auto kReservedOrgs = std::to_array<std::string_view>({"org",
                                                                "orgs",
                                                                "users",
                                                                "models",
                                                                "resources",
                                                                "recipes",
                                                                "repos",
                                                                "repositories",
                                                                "helm-charts",
                                                                "collections",
                                                                "search",
                                                                "catalog",
                                                                "csps",
                                                                "gpus",
                                                                "labels",
                                                                "artifact-registry",
                                                                "malware-scan-notification",
                                                                "admin",
                                                                "public-keys",
                                                                "sms",
                                                                "keys",
                                                                "api",
                                                                "v1",
                                                                "v2",
                                                                "v3",
                                                                "helm",
                                                                "hf",
                                                                "ui",
                                                                "files",
                                                                "token",
                                                                "charts",
                                                                "metrics",
                                                                "health",
                                                                "no-org"});
// Words that stand where a team would in paths of the NGC face.
constexpr auto kReservedTeams =
    std::to_array<std::string_view>({"no-team", "team", "versions", "files", "tags", "images", "artifacts", "collections"});

constexpr std::size_t kMaxTagLength = 128;

bool contains(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
constexpr bool is_separator(char c) { return c == '.' || c == '_' || c == '-'; }
constexpr bool is_tag_start(char c) { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_'; }

// Why `c` may not stand in a repository name.
std::string character_rule(char c) {
  if (c >= 'A' && c <= 'Z') return "upper-case letters are not allowed, use lower case";
  if (c == '%') return "percent-encoding is not accepted here, write the name as it is";
  return "the character " + show({&c, 1}) + " is not allowed, only a-z, 0-9, '.', '_', '-' and '/'";
}

bool is_allowed_run(std::string_view run) {
  return run == "." || run == "_" || run == "__" || run.find_first_not_of('-') == run.npos;
}

// The rule that a part of a name breaks, or empty. Grammar: [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*
std::string part_problem(std::string_view part) {
  if (part.empty()) return "empty parts are not allowed: no '/' at the start, at the end, or twice in a row";
  for (const char c : part) {
    if (!is_lower_or_digit(c) && !is_separator(c)) return character_rule(c);
  }
  if (is_separator(part.front()) || is_separator(part.back())) {
    return "each part must begin and end with a letter or digit, " + show(part) + " does not";
  }
  for (std::size_t at = 0; at < part.size();) {
    if (!is_separator(part[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (is_separator(part[end])) ++end;  // ends: the last character is no separator
    const std::string_view run = part.substr(at, end - at);
    if (!is_allowed_run(run)) {
      return "between letters or digits only '.', '_', '__' or any number of '-' may stand, not " + show(run);
    }
    at = end;
  }
  return {};
}

tl::unexpected<base::Error> name_invalid(std::string_view name, const std::string& rule) {
  return base::fail(ErrorCode::name_invalid, "repository name " + show(name) + ": " + rule);
}

std::string too_long(std::string_view what, std::string_view part) {
  return std::string(what) + " has " + std::to_string(part.size()) + " characters, at most " + std::to_string(kMaxOrgLength) +
         " are allowed";
}

}  // namespace

std::span<const std::string_view> reserved_org_names() { return kReservedOrgs; }
std::span<const std::string_view> reserved_team_names() { return kReservedTeams; }

base::Result<RepositoryName> RepositoryName::parse(std::string_view text) {
  if (text.empty()) return name_invalid(text, "a name needs at least one letter or digit");
  if (text.size() > kMaxRepositoryNameLength) {
    return name_invalid(text, "it has " + std::to_string(text.size()) + " characters, at most " +
                                  std::to_string(kMaxRepositoryNameLength) + " are allowed");
  }
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('/', at), text.size());
    if (const auto problem = part_problem(text.substr(at, end - at)); !problem.empty()) return name_invalid(text, problem);
    at = end + 1;
  }
  RepositoryName name{std::string(text)};
  if (name.org().size() > kMaxOrgLength) return name_invalid(text, too_long("the organisation (first part)", name.org()));
  if (name.team().size() > kMaxOrgLength) return name_invalid(text, too_long("the team (second part)", name.team()));
  const std::string_view first = text.substr(0, text.find('/'));
  if (contains(kReservedOrgs, first)) {
    return base::fail(ErrorCode::name_reserved, "repository name " + show(text) + ": the first part " + show(first) +
                                                    " is reserved for the registry's own API; choose another organisation name");
  }
  if (contains(kReservedTeams, name.team())) {
    return base::fail(ErrorCode::name_reserved, "repository name " + show(text) + ": the second of three or more parts is the " +
                                                    "team, and " + show(name.team()) +
                                                    " is reserved; choose another team name, or a name of two parts");
  }
  return name;
}

std::string_view RepositoryName::org() const {
  const auto slash = text_.find('/');
  return slash == text_.npos ? std::string_view() : std::string_view(text_).substr(0, slash);
}

std::string_view RepositoryName::team() const {
  const auto first = text_.find('/');
  if (first == text_.npos) return {};
  const auto second = text_.find('/', first + 1);
  return second == text_.npos ? std::string_view() : std::string_view(text_).substr(first + 1, second - first - 1);
}

base::Result<Tag> Tag::parse(std::string_view text) {
  const auto invalid = [text](const std::string& rule) {
    return base::fail(ErrorCode::tag_invalid, "tag " + show(text) + ": " + rule);
  };
  if (text.empty()) return invalid("a tag needs at least one character");
  if (text.size() > kMaxTagLength) {
    return invalid("it has " + std::to_string(text.size()) + " characters, at most " + std::to_string(kMaxTagLength) +
                   " are allowed");
  }
  if (!is_tag_start(text.front())) return invalid("it must begin with a letter, a digit or '_'");
  for (const char c : text) {
    if (is_tag_start(c) || c == '.' || c == '-') continue;
    if (c == '+') return invalid("'+' is not allowed in a tag; write '_' instead");
    return invalid("the character " + show({&c, 1}) + " is not allowed, only letters, digits, '_', '.' and '-'");
  }
  return Tag(std::string(text));
}

base::Result<Reference> parse_reference(std::string_view text) {
  if (text.find(':') != text.npos) {
    BERTH_TRY(Digest digest, Digest::parse(text));
    return Reference(std::move(digest));
  }
  BERTH_TRY(Tag tag, Tag::parse(text));
  return Reference(std::move(tag));
}

std::string_view reference_text(const Reference& reference) {
  return std::visit([](const auto& value) -> std::string_view { return value.text(); }, reference);
}

}  // namespace berth::oci
