// Retention: rules that let old tags go, and keep what they name.
//
// A rule is a JSON object; every member may be missing:
//
//   {"keep_newest": 10, "keep_patterns": ["v*", "latest"], "keep_pulled_within_days": 30, "delete_older_than_days": 90}
//
// A tag goes when no keep_… speaks for it and it is older than delete_older_than_days (missing: whatever its age). A rule without
// members lets nothing go. Age: since the tag was set. Patterns: '*' any characters, '?' one. What goes is deleted softly, by the
// principal "retention", and can be restored like any deleted tag (catalog/history.h). Threads: any worker.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/catalog/catalog.h"
#include "berth/catalog/retention.h"

namespace berth::service {

struct RetentionRule {
  std::optional<std::uint64_t> keep_newest;
  std::vector<std::string> keep_patterns;
  std::optional<std::uint64_t> keep_pulled_within_days;
  std::optional<std::uint64_t> delete_older_than_days;

  [[nodiscard]] bool empty() const {
    return !keep_newest && keep_patterns.empty() && !keep_pulled_within_days && !delete_older_than_days;
  }
};

// Errors: request_malformed (no JSON), parameter_invalid (which member, and what it must be).
base::Result<RetentionRule> parse_retention_rule(std::string_view json);
std::string format_retention_rule(const RetentionRule& rule);
// The tags that the rule lets go, oldest first. Pure.
std::vector<catalog::TagUse> expired_tags(const RetentionRule& rule, std::vector<catalog::TagUse> tags, base::TimePoint now);

struct RetentionOutcome {
  std::string scope;                     // of the rule that held; empty when none did
  std::vector<catalog::TagUse> deleted;  // or to be deleted
};
enum class RetentionRun : std::uint8_t { dry, real };

class RetentionService {
 public:
  RetentionService(catalog::Catalog& catalog, const base::Clock& clock) : catalog_(catalog), clock_(clock) {}

  // The rule of exactly this scope.
  [[nodiscard]] base::Result<std::optional<RetentionRule>> find_rule(std::string_view scope) const;
  // A rule without members takes the scope's rule away.
  base::Result<void> put_rule(std::string_view scope, const RetentionRule& rule, const catalog::Origin& by);
  // Applies the rule that holds for the repository. A tag that moves meanwhile is left alone.
  base::Result<RetentionOutcome> apply(const oci::RepositoryName& repository, RetentionRun run);
  // Applies the rules to at most `limit` repositories after `after`; the name of the last one, or empty at the end.
  base::Result<std::string> apply_to_many(std::string_view after, std::size_t limit);
  // What is applied at this moment ends before the next tag, and deletes no more. For good. Any thread.
  void stop() { stopping_ = true; }

 private:
  [[nodiscard]] base::Result<std::optional<std::pair<std::string, RetentionRule>>> rule_for(
      const oci::RepositoryName& repository) const;

  catalog::Catalog& catalog_;
  const base::Clock& clock_;
  std::atomic<bool> stopping_{false};
};

}  // namespace berth::service
