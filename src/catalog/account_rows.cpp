#include "catalog/account_rows.h"

#include "berth/catalog/subjects.h"

namespace berth::catalog {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

std::optional<base::TimePoint> time_of(const Rows& rows, int column) {
  if (rows.is_null(column)) return std::nullopt;
  return base::from_unix_micros(rows.integer(column));
}

}  // namespace

User user_of(const Rows& rows) {
  return {rows.integer(0),
          std::string(rows.text(1)),
          std::string(rows.text(2)),
          static_cast<Standing>(rows.integer(3)),
          static_cast<Rank>(rows.integer(4)),
          base::from_unix_micros(rows.integer(5))};
}

Org org_of(const Rows& rows) {
  return {rows.integer(0), std::string(rows.text(1)), std::string(rows.text(2)), std::string(rows.text(3))};
}

Team team_of(const Rows& rows) { return {rows.integer(0), std::string(rows.text(1)), std::string(rows.text(2))}; }

Key key_of(const Rows& rows) {
  Key key;
  key.id = rows.integer(0);
  key.kind = static_cast<KeyKind>(rows.integer(1));
  key.user = rows.is_null(2) ? 0 : rows.integer(2);
  key.org = rows.is_null(3) ? 0 : rows.integer(3);
  key.name = std::string(rows.text(4));
  key.actions = split(rows.text(5));
  key.repositories = split(rows.text(6));
  key.created = base::from_unix_micros(rows.integer(7));
  key.expires = time_of(rows, 8);
  key.revoked = time_of(rows, 9);
  key.last_used = time_of(rows, 10);
  key.org_name = std::string(rows.text(11));
  return key;
}

std::string join(const std::vector<std::string>& items) {
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "" : ",") + item;
  return text;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const auto comma = text.find(',');
    items.emplace_back(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return items;
}

Value time_or_null(const std::optional<base::TimePoint>& time) {
  if (!time) return std::monostate{};
  return base::to_unix_micros(*time);
}

Value text_or_null(const std::optional<std::string>& text) {
  if (!text) return std::monostate{};
  return std::string_view(*text);
}

std::string text_of(std::int64_t id) { return std::to_string(id); }

Result<void> unknown(std::string_view what) { return fail(ErrorCode::object_unknown, "there is no " + std::string(what)); }
Result<void> exists(std::string_view what) { return fail(ErrorCode::already_exists, "there is already " + std::string(what)); }

Result<Org> get_org(Connection& connection, std::int64_t id) {
  BERTH_TRY(auto org, first_row(connection, Query::find_org_by_id, {id}, org_of));
  if (!org) return fail(unknown("organisation " + text_of(id)).error());
  return *std::move(org);
}

Result<std::string> get_team_name(Connection& connection, std::int64_t org, std::int64_t team) {
  BERTH_TRY(auto name, first_row(connection, Query::find_team_by_id, {org, team},
                                 [](const Rows& rows) { return std::string(rows.text(0)); }));
  if (!name) return fail(unknown("team " + text_of(team)).error());
  return *std::move(name);
}

AuditEvent org_created(std::string_view name, const Origin& by) {
  return {.kind = AuditKind::org_created, .by = by, .org = std::string(name), .subject = org_subject(name), .detail = {}};
}

AuditEvent team_event(AuditKind kind, std::string_view org, std::string_view team, const Origin& by) {
  return {.kind = kind, .by = by, .org = std::string(org), .subject = team_subject(org, team), .detail = {}};
}

Result<void> ensure_team(Connection& connection, std::string_view org, std::string_view team, const Act& act) {
  BERTH_TRY(const auto made, connection.run(Query::ensure_team, {team, act.now, org}));
  if (made == 0) return {};
  return act.audit.append(connection, team_event(AuditKind::team_created, org, team, act.by), act.now);
}

Result<AuditEvent> grant_event(Connection& connection, AuditKind kind, std::int64_t user, const Grant& grant, const Origin& by) {
  BERTH_TRY(auto org, get_org(connection, grant.org));
  AuditEvent event{.kind = kind,
                   .by = by,
                   .org = std::move(org.name),
                   .subject = user_subject(user),
                   .detail = {{AuditField::role, std::string(role_name(grant.role))}}};
  if (grant.team == 0) return event;
  BERTH_TRY(auto team, get_team_name(connection, grant.org, grant.team));
  event.detail.emplace_back(AuditField::team, std::move(team));
  return event;
}

// An UPDATE or DELETE that must meet a row.
Result<void> must_change(Connection& connection, Query query, Values values, std::string_view what) {
  BERTH_TRY(const auto changed, connection.run(query, values));
  if (changed == 0) return unknown(what);
  return {};
}

Result<std::int64_t> insert(Connection& connection, Query query, Values values) {
  BERTH_TRY(const auto id, connection.find_integer(query, values));
  if (!id) return fail(ErrorCode::internal, "the catalog failed");
  return *id;
}

Result<void> store_password(Connection& connection, std::int64_t user, const StoredPassword& password, std::int64_t now) {
  BERTH_TRY([[maybe_unused]] const auto stored,
            connection.run(Query::set_password,
                           {user, std::string_view(password.hash), static_cast<std::int64_t>(password.state), now}));
  return {};
}

}  // namespace berth::catalog
