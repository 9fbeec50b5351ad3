#include "catalog/tags.h"

#include <algorithm>
#include <vector>

#include "berth/base/pattern.h"

namespace berth::catalog {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

Value text_or_null(std::optional<std::string_view> text) {
  if (text) return *text;
  return std::monostate{};
}

AuditKind audit_kind_of(TagAction action) {
  switch (action) {
    case TagAction::created: return AuditKind::tag_created;
    case TagAction::moved: return AuditKind::tag_moved;
    case TagAction::deleted: break;
  }
  return AuditKind::tag_deleted;
}

// The repository's history, and the audit log.
Result<void> write_history(Connection& connection, const TagChange& change, std::string_view tag, TagAction action,
                           std::optional<std::string_view> before, std::optional<std::string_view> after) {
  BERTH_TRY(
      [[maybe_unused]] const auto added,
      connection.run(Query::insert_history, {change.repository, tag, static_cast<std::int64_t>(action), text_or_null(before),
                                             text_or_null(after), change.act.now, std::string_view(change.act.by.principal)}));
  auto event = change.act.audit.of_repository(audit_kind_of(action), change.name, change.act.by);
  event.detail.emplace_back(AuditField::tag, std::string(tag));
  if (before) event.detail.emplace_back(AuditField::before, std::string(*before));
  if (after) event.detail.emplace_back(AuditField::after, std::string(*after));
  return change.act.audit.append(connection, event, change.act.now);
}

// Read in the transaction that moves or deletes the tag (what can be deleted can be pushed anew), so that a policy set before is never missed (security.md B1.16).
Result<void> check_may_change(Connection& connection, std::int64_t repository, std::string_view tag, std::string_view digest) {
  BERTH_TRY(auto rows, connection.query(Query::find_immutable_tags, {repository}));
  BERTH_TRY(const bool found, rows.next());
  if (!found || !base::matches_any_pattern(rows.text(0), tag)) return {};
  return fail(ErrorCode::tag_immutable,
              "tag " + std::string(tag) + " is immutable in this repository and points at " + std::string(digest));
}

Result<void> remove(Connection& connection, const TagChange& change, std::string_view tag, std::string_view digest) {
  BERTH_CHECK_OK(check_may_change(connection, change.repository, tag, digest));
  BERTH_TRY([[maybe_unused]] const auto removed, connection.run(Query::delete_tag, {change.repository, tag}));
  return write_history(connection, change, tag, TagAction::deleted, digest, std::nullopt);
}

bool holds(const TagCondition& condition, const std::optional<TagTarget>& target) {
  const auto listed = [&] {
    return target && std::any_of(condition.digests.begin(), condition.digests.end(),
                                 [&](const oci::Digest& digest) { return digest.text() == target->digest; });
  };
  switch (condition.kind) {
    case TagCondition::Kind::none: return true;
    case TagCondition::Kind::must_be_absent: return !target;
    case TagCondition::Kind::must_exist: return target.has_value();
    case TagCondition::Kind::must_be_one_of: return listed();
    case TagCondition::Kind::must_not_be_one_of: return !listed();
  }
  return false;
}

}  // namespace

Result<std::optional<TagTarget>> find_tag_target(Connection& connection, std::int64_t repository, std::string_view tag) {
  BERTH_TRY(auto rows, connection.query(Query::find_tag_target, {repository, tag}));
  BERTH_TRY(const bool found, rows.next());
  if (!found) return std::nullopt;
  return TagTarget{rows.integer(0), std::string(rows.text(1))};
}

Result<void> check_condition(const TagCondition& condition, std::string_view tag, const std::optional<TagTarget>& target) {
  if (holds(condition, target)) return {};
  const std::string name = "tag " + std::string(tag);
  return fail(ErrorCode::precondition_failed, target ? name + " points at " + target->digest : name + " does not exist");
}

Result<void> set_tag(Connection& connection, const TagChange& change, std::string_view tag, std::int64_t manifest,
                     std::string_view digest) {
  BERTH_TRY(const auto before, find_tag_target(connection, change.repository, tag));
  if (before && before->manifest == manifest) return {};
  if (before) BERTH_CHECK_OK(check_may_change(connection, change.repository, tag, before->digest));
  BERTH_TRY([[maybe_unused]] const auto set, connection.run(Query::set_tag, {change.repository, tag, manifest, change.act.now}));
  if (before) return write_history(connection, change, tag, TagAction::moved, before->digest, digest);
  return write_history(connection, change, tag, TagAction::created, std::nullopt, digest);
}

Result<void> delete_tag(Connection& connection, const TagChange& change, std::string_view tag, const TagCondition& condition) {
  BERTH_TRY(const auto target, find_tag_target(connection, change.repository, tag));
  if (!target) return fail(ErrorCode::tag_unknown, "the repository has no tag " + std::string(tag));
  BERTH_CHECK_OK(check_condition(condition, tag, target));
  return remove(connection, change, tag, target->digest);
}

Result<void> delete_tags_of(Connection& connection, const TagChange& change, std::int64_t manifest, std::string_view digest) {
  std::vector<std::string> tags;
  {
    BERTH_TRY(auto rows, connection.query(Query::list_tags_of_manifest, {manifest}));
    while (true) {
      BERTH_TRY(const bool more, rows.next());
      if (!more) break;
      tags.emplace_back(rows.text(0));
    }
  }
  for (const std::string& tag : tags) {
    BERTH_CHECK_OK(remove(connection, change, tag, digest));
  }
  return {};
}

}  // namespace berth::catalog
