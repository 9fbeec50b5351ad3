#include "berth/service/retention.h"

#include <algorithm>
#include <utility>

#include "berth/base/json.h"
#include "berth/base/log.h"
#include "berth/base/pattern.h"

namespace berth::service {

using base::ErrorCode;
using base::Result;

namespace {

constexpr std::size_t kMaxPatterns = 100;
constexpr std::size_t kMaxPatternLength = 128;
constexpr std::uint64_t kMaxNumber = 1'000'000;
constexpr const char* kPrincipal = "retention";

using Days = std::chrono::duration<std::int64_t, std::ratio<86400>>;

base::Error wrong(std::string_view member, std::string_view must) {
  return {ErrorCode::parameter_invalid, std::string(member) + " must be " + std::string(must)};
}

Result<std::optional<std::uint64_t>> parse_number(const std::string& member, const base::Json& value) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > kMaxNumber) {
    return base::fail(wrong(member, "a whole number up to " + std::to_string(kMaxNumber)));
  }
  return value.get<std::uint64_t>();
}

Result<std::vector<std::string>> parse_patterns(const std::string& member, const base::Json& value) {
  const auto refused = [&] {
    return base::fail(wrong(member, "a list of at most " + std::to_string(kMaxPatterns) + " patterns of 1 to " +
                                        std::to_string(kMaxPatternLength) + " characters"));
  };
  if (!value.is_array() || value.size() > kMaxPatterns) return refused();
  std::vector<std::string> patterns;
  for (const auto& item : value) {
    if (!item.is_string()) return refused();
    auto pattern = item.get<std::string>();
    if (pattern.empty() || pattern.size() > kMaxPatternLength) return refused();
    patterns.push_back(std::move(pattern));
  }
  return patterns;
}

// The scopes that could hold a rule for the repository, the most specific first.
std::vector<std::string> scopes_of(const oci::RepositoryName& repository) {
  std::vector<std::string> scopes = {repository.text()};
  if (!repository.org().empty()) scopes.push_back(std::string(repository.org()) + "/*");
  scopes.emplace_back("*");
  return scopes;
}

bool is_kept(const RetentionRule& rule, const catalog::TagUse& use, std::size_t newer, base::TimePoint now) {
  if (rule.keep_newest && newer < *rule.keep_newest) return true;
  if (rule.keep_pulled_within_days && use.pulled && *use.pulled > now - Days(*rule.keep_pulled_within_days)) return true;
  if (rule.delete_older_than_days && use.updated > now - Days(*rule.delete_older_than_days)) return true;
  return std::any_of(rule.keep_patterns.begin(), rule.keep_patterns.end(), [&](const std::string& pattern) {
    return base::matches_pattern(pattern, use.tag.text(), base::QuestionMark::any_character);
  });
}

}  // namespace

Result<RetentionRule> parse_retention_rule(std::string_view json) {
  BERTH_TRY(const auto document, base::parse_json(json));
  if (!document.is_object()) return base::fail(wrong("the rule", "a JSON object"));
  RetentionRule rule;
  for (const auto& [member, value] : document.items()) {
    if (member == "keep_newest") {
      BERTH_TRY(rule.keep_newest, parse_number(member, value));
    } else if (member == "keep_pulled_within_days") {
      BERTH_TRY(rule.keep_pulled_within_days, parse_number(member, value));
    } else if (member == "delete_older_than_days") {
      BERTH_TRY(rule.delete_older_than_days, parse_number(member, value));
    } else if (member == "keep_patterns") {
      BERTH_TRY(rule.keep_patterns, parse_patterns(member, value));
    } else {
      return base::fail(ErrorCode::parameter_invalid, "a rule has no member \"" + member + '"');
    }
  }
  return rule;
}

std::string format_retention_rule(const RetentionRule& rule) {
  auto json = base::OrderedJson::object();
  if (rule.keep_newest) json["keep_newest"] = *rule.keep_newest;
  if (!rule.keep_patterns.empty()) json["keep_patterns"] = rule.keep_patterns;
  if (rule.keep_pulled_within_days) json["keep_pulled_within_days"] = *rule.keep_pulled_within_days;
  if (rule.delete_older_than_days) json["delete_older_than_days"] = *rule.delete_older_than_days;
  return json.dump(-1, ' ', false, base::OrderedJson::error_handler_t::replace);
}

std::vector<catalog::TagUse> expired_tags(const RetentionRule& rule, std::vector<catalog::TagUse> tags, base::TimePoint now) {
  if (rule.empty()) return {};
  std::sort(tags.begin(), tags.end(), [](const catalog::TagUse& a, const catalog::TagUse& b) {
    return std::pair(b.updated, b.tag) < std::pair(a.updated, a.tag);  // newest first
  });
  std::vector<catalog::TagUse> expired;
  for (std::size_t newer = 0; newer < tags.size(); ++newer) {
    if (!is_kept(rule, tags[newer], newer, now)) expired.push_back(tags[newer]);
  }
  std::reverse(expired.begin(), expired.end());
  return expired;
}

Result<std::optional<RetentionRule>> RetentionService::find_rule(std::string_view scope) const {
  BERTH_TRY(const auto text, catalog_.retention().find_rule(scope));
  if (!text) return std::nullopt;
  auto rule = parse_retention_rule(*text);
  if (!rule) return base::fail(std::move(rule).error().as(ErrorCode::corrupt, "the stored rule is damaged"));
  return *std::move(rule);
}

Result<void> RetentionService::put_rule(std::string_view scope, const RetentionRule& rule, const catalog::Origin& by) {
  const std::string text = format_retention_rule(rule);
  if (rule.empty()) {
    BERTH_TRY([[maybe_unused]] const bool gone, catalog_.retention().delete_rule(scope, by));
  } else {
    BERTH_CHECK_OK(catalog_.retention().put_rule(scope, text, by));
  }
  base::log::info("retention rule set", {{"scope", scope}, {"rule", text}, {"principal", by.principal}});
  return {};
}

Result<std::optional<std::pair<std::string, RetentionRule>>> RetentionService::rule_for(
    const oci::RepositoryName& repository) const {
  for (const std::string& scope : scopes_of(repository)) {
    BERTH_TRY(auto rule, find_rule(scope));
    if (rule) return std::pair(scope, *std::move(rule));
  }
  return std::nullopt;
}

Result<RetentionOutcome> RetentionService::apply(const oci::RepositoryName& repository, RetentionRun run) {
  BERTH_TRY(const auto found, rule_for(repository));
  if (!found) return RetentionOutcome{};
  BERTH_TRY(auto uses, catalog_.retention().list_tag_uses(repository));
  RetentionOutcome outcome{found->first, expired_tags(found->second, std::move(uses), clock_.now())};
  if (run == RetentionRun::dry) return outcome;
  std::vector<catalog::TagUse> deleted;
  for (catalog::TagUse& use : outcome.deleted) {
    if (stopping_) break;
    const catalog::TagCondition still{catalog::TagCondition::Kind::must_be_one_of, {use.digest}};
    auto done = catalog_.delete_tag(repository, use.tag, still, {.principal = kPrincipal});
    if (done) {
      base::log::info(
          "tag deleted by retention",
          {{"repository", repository.text()}, {"tag", use.tag.text()}, {"digest", use.digest.text()}, {"scope", found->first}});
      deleted.push_back(std::move(use));
    } else if (done.error().code() != ErrorCode::precondition_failed && done.error().code() != ErrorCode::tag_unknown &&
               done.error().code() != ErrorCode::tag_immutable) {
      return base::fail(std::move(done).error());
    }
  }
  outcome.deleted = std::move(deleted);
  return outcome;
}

Result<std::string> RetentionService::apply_to_many(std::string_view after, std::size_t limit) {
  BERTH_TRY(const bool any, catalog_.retention().has_rules());
  if (!any) return std::string();
  BERTH_TRY(const auto page, catalog_.list_repositories(after, limit));
  for (const std::string& text : page.names) {
    if (stopping_) return std::string(after);
    BERTH_TRY(const auto name, oci::RepositoryName::parse(text));
    BERTH_CHECK_OK(apply(name, RetentionRun::real));
  }
  return page.more ? page.names.back() : std::string();
}

}  // namespace berth::service
