#include "api/etag.h"

namespace berth::api {

using base::ErrorCode;

namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes one tag off the front of `rest`; nullopt when there is none.
std::optional<EntityTag> take_tag(std::string_view& rest) {
  EntityTag tag;
  if (rest.starts_with("W/")) {
    tag.weak = true;
    rest.remove_prefix(2);
  }
  if (rest.empty() || rest.front() != '"') return std::nullopt;
  const auto end = rest.find('"', 1);
  if (end == std::string_view::npos) return std::nullopt;
  tag.value = std::string(rest.substr(1, end - 1));
  rest = trim(rest.substr(end + 1));
  return tag;
}

// The digests among strong tags; a tag that is no digest of ours can match nothing and is dropped.
std::vector<oci::Digest> digests_of(const EntityTags& tags) {
  std::vector<oci::Digest> digests;
  for (const auto& tag : tags.tags) {
    if (tag.weak) continue;
    if (auto digest = oci::Digest::parse(tag.value)) digests.push_back(std::move(*digest));
  }
  return digests;
}

}  // namespace

base::Result<EntityTags> parse_entity_tags(std::string_view field, std::string_view header_name) {
  EntityTags tags;
  auto rest = trim(field);
  if (rest == "*") {
    tags.any = true;
    return tags;
  }
  while (!rest.empty()) {
    auto tag = take_tag(rest);
    const bool separated = rest.empty() || rest.front() == ',';
    if (!tag || !separated) break;
    tags.tags.push_back(std::move(*tag));
    if (rest.empty()) return tags;
    rest = trim(rest.substr(1));
  }
  return base::fail(ErrorCode::parameter_invalid,
                    std::string(header_name) + " must be * or a list of digests in quotes, as ETag gives them: \"sha256:…\"");
}

base::Result<service::TagCondition> parse_tag_condition(const http::Request& request) {
  using Kind = service::TagCondition::Kind;
  const auto match = request.fields.find_list("If-Match");
  const auto none_match = request.fields.find_list("If-None-Match");
  if (match && none_match) {
    return base::fail(ErrorCode::parameter_invalid, "send If-Match or If-None-Match, not both");
  }
  if (match) {
    BERTH_TRY(const auto tags, parse_entity_tags(*match, "If-Match"));
    return service::TagCondition{tags.any ? Kind::must_exist : Kind::must_be_one_of, digests_of(tags)};
  }
  if (none_match) {
    BERTH_TRY(const auto tags, parse_entity_tags(*none_match, "If-None-Match"));
    return service::TagCondition{tags.any ? Kind::must_be_absent : Kind::must_not_be_one_of, digests_of(tags)};
  }
  return service::TagCondition{};
}

}  // namespace berth::api
