// Rows of accounts as structs, and lists as the text of a column.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/catalog/accounts.h"
#include "catalog/audit_chain.h"
#include "catalog/sqlite.h"

namespace berth::catalog {

// Each in the order of the columns that its statements in queries.h name.
User user_of(const Rows& rows);
Org org_of(const Rows& rows);
Team team_of(const Rows& rows);
Key key_of(const Rows& rows);
inline std::int64_t id_of(const Rows& rows) { return rows.integer(0); }

// A column holds a list as its items with commas between; no item of ours holds one.
std::string join(const std::vector<std::string>& items);
std::vector<std::string> split(std::string_view text);

// Errors in the words of AccountCatalog: object_unknown, already_exists.
std::string text_of(std::int64_t id);
base::Result<void> unknown(std::string_view what);
base::Result<void> exists(std::string_view what);

// Errors: unknown.
base::Result<Org> get_org(Connection& connection, std::int64_t id);
base::Result<std::string> get_team_name(Connection& connection, std::int64_t org, std::int64_t team);

// What is told of them, for the audit log.
AuditEvent org_created(std::string_view name, const Origin& by);
AuditEvent team_event(AuditKind kind, std::string_view org, std::string_view team, const Origin& by);
// Errors: unknown (org, team).
base::Result<AuditEvent> grant_event(Connection& connection, AuditKind kind, std::int64_t user, const Grant& grant,
                                     const Origin& by);

// Makes the team's row, and tells of it, when the organisation has a row and no such team.
base::Result<void> ensure_team(Connection& connection, std::string_view org, std::string_view team, const Act& act);

// An UPDATE or DELETE that must meet a row.
base::Result<void> must_change(Connection& connection, Query query, Values values, std::string_view what);
// The id of the new row.
base::Result<std::int64_t> insert(Connection& connection, Query query, Values values);
base::Result<void> store_password(Connection& connection, std::int64_t user, const StoredPassword& password, std::int64_t now);
// A view of `text`.
Value text_or_null(const std::optional<std::string>& text);
Value time_or_null(const std::optional<base::TimePoint>& time);

}  // namespace berth::catalog
