// Names of what can happen, and of what a row may tell of it: as they stand in rows for ever, so no name changes its meaning.
#include <algorithm>
#include <array>

#include "berth/catalog/audit.h"

namespace berth::catalog {

namespace {

constexpr std::array<std::string_view, 42> kKinds = {
    "sign_in",
    "sign_out",
    "token.issued",
    "access.refused",
    "gc.run",
    "audit.read",
    "audit.lost",
    "audit.mismatch",
    "audit.pruned",
    "user.created",
    "user.renamed",
    "user.enabled",
    "user.disabled",
    "user.promoted",
    "user.demoted",
    "password.changed",
    "org.created",
    "org.changed",
    "team.created",
    "team.changed",
    "team.deleted",
    "role.granted",
    "role.revoked",
    "invitation.created",
    "invitation.resent",
    "invitation.accepted",
    "invitation.deleted",
    "key.created",
    "key.revoked",
    "key.expiry_set",
    "repository.visibility_set",
    "repository.immutable_tags_set",
    "tag.created",
    "tag.moved",
    "tag.deleted",
    "manifest.deleted",
    "manifest.restored",
    "blob.deleted",
    "repository.deleted",
    "repository.restored",
    "retention.set",
    "retention.deleted",
};
static_assert(kKinds.size() == static_cast<std::size_t>(AuditKind::retention_deleted) + 1, "one name a kind, in their order");

constexpr std::array<std::string_view, 25> kFields = {
    "action",     "actions",    "after", "before", "count", "digest",   "email",     "event",        "expires",
    "head_count", "invitation", "kind",  "method", "owner", "patterns", "reason",    "repositories", "role",
    "route",      "since",      "tag",   "team",   "teams", "through",  "visibility"};
static_assert(kFields.size() == static_cast<std::size_t>(AuditField::visibility) + 1, "one name a field, in their order");

}  // namespace

std::string_view audit_kind_name(AuditKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

std::optional<AuditKind> find_audit_kind(std::string_view name) {
  const auto found = std::find(kKinds.begin(), kKinds.end(), name);
  if (found == kKinds.end()) return std::nullopt;
  return static_cast<AuditKind>(found - kKinds.begin());
}

std::span<const std::string_view> audit_kind_names() { return kKinds; }

std::string_view audit_field_name(AuditField field) { return kFields[static_cast<std::size_t>(field)]; }

}  // namespace berth::catalog
