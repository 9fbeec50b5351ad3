// Names of repositories and tags, and what may stand behind /manifests/.
//
// Layout of a repository name: <org>[/<team>]/<name…>; one part = the default org; with three or more parts the second is the team
// (CONTRACTS.md, Names). Reserved words are one table here: as first part they belong to the NGC face.
#pragma once

#include <compare>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "berth/base/error.h"
#include "berth/oci/digest.h"

namespace berth::oci {

class RepositoryName {
 public:
  // Errors: name_invalid (which rule was broken), name_reserved (which part, and why).
  // Spec: distribution-spec "Pulling manifests": [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/…)*, at most 255 characters.
  static base::Result<RepositoryName> parse(std::string_view text);

  [[nodiscard]] const std::string& text() const { return text_; }
  // Empty for a name of one part: the default org.
  [[nodiscard]] std::string_view org() const;
  // Empty when the name has fewer than three parts.
  [[nodiscard]] std::string_view team() const;

  friend bool operator==(const RepositoryName& a, const RepositoryName& b) = default;
  friend std::strong_ordering operator<=>(const RepositoryName& a, const RepositoryName& b) = default;

 private:
  explicit RepositoryName(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

inline constexpr std::size_t kMaxRepositoryNameLength = 255;
inline constexpr std::size_t kMaxOrgLength = 63;

// Words that no organisation or team may be called.
std::span<const std::string_view> reserved_org_names();
std::span<const std::string_view> reserved_team_names();

class Tag {
 public:
  // Errors: tag_invalid. Spec: [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}.
  static base::Result<Tag> parse(std::string_view text);
  [[nodiscard]] const std::string& text() const { return text_; }
  friend bool operator==(const Tag& a, const Tag& b) = default;
  friend std::strong_ordering operator<=>(const Tag& a, const Tag& b) = default;

 private:
  explicit Tag(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// A tag or a digest: what follows /manifests/.
using Reference = std::variant<Tag, Digest>;
// A ':' makes it a digest, as no tag has one. Errors: those of the two.
base::Result<Reference> parse_reference(std::string_view text);
std::string_view reference_text(const Reference& reference);

}  // namespace berth::oci
