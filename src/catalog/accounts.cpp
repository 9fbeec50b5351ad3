// Users, organisations and teams. The same class goes on in grants.cpp, invitations.cpp, keys.cpp and openness.cpp.
#include "catalog/accounts.h"

#include "berth/catalog/subjects.h"
#include "catalog/account_rows.h"

namespace berth::catalog {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

Result<void> end_sessions(Connection& connection, std::int64_t user) {
  BERTH_TRY([[maybe_unused]] const auto ended, connection.run(Query::delete_sessions_of_user, {user}));
  return {};
}

// Once there is an administrator there is always one: the last keeps rank and standing.
Result<void> change_standing(Connection& connection, Query query, std::int64_t value, std::int64_t user) {
  BERTH_TRY(const auto before, connection.find_integer(Query::find_administrator, {}));
  BERTH_CHECK_OK(must_change(connection, query, {value, user}, "user " + text_of(user)));
  if (query == Query::set_user_standing) BERTH_CHECK_OK(end_sessions(connection, user));
  BERTH_TRY(const auto left, connection.find_integer(Query::find_administrator, {}));
  if (before && !left)
    return fail(ErrorCode::parameter_invalid, "this is the last platform administrator; make another one first");
  return {};
}

}  // namespace

Result<void> SqliteAccounts::audit(Connection& connection, const AuditEvent& event) const {
  return audit_.append(connection, event, now());
}

Result<void> SqliteAccounts::change(Writer::Body body) {
  auto outcome = writer_.run(std::move(body));
  generation_.fetch_add(1);
  return outcome;
}

// --- users -----------------------------------------------------------------------------------------------------------------

Result<std::int64_t> SqliteAccounts::add_user(Connection& c, const NewUser& user, const Origin& by) const {
  BERTH_TRY(const bool taken, c.exists(Query::find_user_by_email, {std::string_view(user.email)}));
  if (taken) return fail(exists("a user " + user.email).error());
  const auto at = now();
  BERTH_TRY(const auto id,
            insert(c, Query::insert_user,
                   {std::string_view(user.email), std::string_view(user.name), static_cast<std::int64_t>(user.rank), at}));
  if (user.password) BERTH_CHECK_OK(store_password(c, id, *user.password, at));
  BERTH_CHECK_OK(audit(c, {.kind = AuditKind::user_created,
                           .by = by,
                           .org = {},
                           .subject = user_subject(id),
                           .detail = {{AuditField::email, user.email}}}));
  if (user.rank == Rank::user) return id;
  BERTH_CHECK_OK(audit(c, {.kind = AuditKind::user_promoted, .by = by, .org = {}, .subject = user_subject(id), .detail = {}}));
  return id;
}

Result<std::int64_t> SqliteAccounts::create_user(const NewUser& user, const Origin& by) {
  return change_to<std::int64_t>([&](Connection& c) { return add_user(c, user, by); });
}

Result<std::optional<User>> SqliteAccounts::find_user(std::int64_t id) {
  return readers_.with([&](Connection& c) { return first_row(c, Query::find_user, {id}, user_of); });
}

Result<std::optional<User>> SqliteAccounts::find_user_by_email(std::string_view email) {
  return readers_.with([&](Connection& c) { return first_row(c, Query::find_user_by_email, {email}, user_of); });
}

Result<std::vector<User>> SqliteAccounts::list_users(std::int64_t after, std::size_t limit) {
  return readers_.with(
      [&](Connection& c) { return all_rows(c, Query::list_users, {after, static_cast<std::int64_t>(limit)}, user_of); });
}

Result<std::optional<std::int64_t>> SqliteAccounts::find_administrator() {
  return readers_.with([&](Connection& c) { return c.find_integer(Query::find_administrator, {}); });
}

Result<void> SqliteAccounts::set_standing(std::int64_t user, Standing standing, const Origin& by) {
  return change([&](Connection& c) -> Result<void> {
    BERTH_CHECK_OK(change_standing(c, Query::set_user_standing, static_cast<std::int64_t>(standing), user));
    const auto kind = standing == Standing::active ? AuditKind::user_enabled : AuditKind::user_disabled;
    return audit(c, {.kind = kind, .by = by, .org = {}, .subject = user_subject(user), .detail = {}});
  });
}

Result<void> SqliteAccounts::set_rank(std::int64_t user, Rank rank, const Origin& by) {
  return change([&](Connection& c) -> Result<void> {
    BERTH_CHECK_OK(change_standing(c, Query::set_user_rank, static_cast<std::int64_t>(rank), user));
    const auto kind = rank == Rank::platform_administrator ? AuditKind::user_promoted : AuditKind::user_demoted;
    return audit(c, {.kind = kind, .by = by, .org = {}, .subject = user_subject(user), .detail = {}});
  });
}

Result<void> SqliteAccounts::set_user_name(std::int64_t user, std::string_view name, const Origin& by) {
  return change([&](Connection& c) -> Result<void> {
    BERTH_CHECK_OK(must_change(c, Query::set_user_name, {name, user}, "user " + text_of(user)));
    return audit(c, {.kind = AuditKind::user_renamed, .by = by, .org = {}, .subject = user_subject(user), .detail = {}});
  });
}

Result<void> SqliteAccounts::set_password(std::int64_t user, const StoredPassword& password, const Origin& by) {
  return change([&](Connection& c) -> Result<void> {
    BERTH_TRY(const bool there, c.exists(Query::find_user, {user}));
    if (!there) return unknown("user " + text_of(user));
    BERTH_CHECK_OK(end_sessions(c, user));
    BERTH_CHECK_OK(store_password(c, user, password, now()));
    return audit(c, {.kind = AuditKind::password_changed, .by = by, .org = {}, .subject = user_subject(user), .detail = {}});
  });
}

Result<std::optional<StoredPassword>> SqliteAccounts::find_password(std::int64_t user) {
  return readers_.with([&](Connection& c) {
    return first_row(c, Query::find_password, {user}, [](const Rows& rows) {
      return StoredPassword{std::string(rows.text(0)), static_cast<PasswordState>(rows.integer(1)),
                            base::from_unix_micros(rows.integer(2))};
    });
  });
}

// --- organisations and teams ---------------------------------------------------------------------------------------------------

Result<std::int64_t> SqliteAccounts::create_org(std::string_view name, std::string_view display_name,
                                                std::string_view description, const Origin& by) {
  return change_to<std::int64_t>([&](Connection& c) -> Result<std::int64_t> {
    BERTH_TRY(const bool taken, c.exists(Query::find_org, {name}));
    if (taken) return fail(exists("an organisation " + std::string(name)).error());
    BERTH_TRY(const auto id, insert(c, Query::insert_org, {name, display_name, description, now()}));
    BERTH_CHECK_OK(audit(c, org_created(name, by)));
    return id;
  });
}

Result<std::optional<Org>> SqliteAccounts::find_org(std::string_view name) {
  return readers_.with([&](Connection& c) { return first_row(c, Query::find_org, {name}, org_of); });
}

Result<std::optional<Org>> SqliteAccounts::find_org(std::int64_t id) {
  return readers_.with([&](Connection& c) { return first_row(c, Query::find_org_by_id, {id}, org_of); });
}

Result<void> SqliteAccounts::change_org(std::int64_t org, const OrgChange& wanted, const Origin& by) {
  return change([&](Connection& c) -> Result<void> {
    BERTH_CHECK_OK(must_change(c, Query::change_org, {text_or_null(wanted.display_name), text_or_null(wanted.description), org},
                               "organisation " + text_of(org)));
    BERTH_TRY(const auto changed, get_org(c, org));
    return audit(
        c, {.kind = AuditKind::org_changed, .by = by, .org = changed.name, .subject = org_subject(changed.name), .detail = {}});
  });
}

Result<std::vector<Org>> SqliteAccounts::list_orgs(std::string_view after, std::size_t limit) {
  return readers_.with(
      [&](Connection& c) { return all_rows(c, Query::list_orgs, {after, static_cast<std::int64_t>(limit)}, org_of); });
}

Result<std::int64_t> SqliteAccounts::create_team(std::int64_t org, std::string_view name, std::string_view description,
                                                 const Origin& by) {
  return change_to<std::int64_t>([&](Connection& c) -> Result<std::int64_t> {
    BERTH_TRY(const auto home, get_org(c, org));
    BERTH_TRY(const bool taken, c.exists(Query::find_team, {org, name}));
    if (taken) return fail(exists("a team " + std::string(name)).error());
    BERTH_TRY(const auto id, insert(c, Query::insert_team, {org, name, description, now()}));
    BERTH_CHECK_OK(audit(c, team_event(AuditKind::team_created, home.name, name, by)));
    return id;
  });
}

Result<std::optional<Team>> SqliteAccounts::find_team(std::int64_t org, std::string_view name) {
  return readers_.with([&](Connection& c) { return first_row(c, Query::find_team, {org, name}, team_of); });
}

Result<std::vector<Team>> SqliteAccounts::list_teams(std::int64_t org, std::string_view after, std::size_t limit) {
  return readers_.with(
      [&](Connection& c) { return all_rows(c, Query::list_teams, {org, after, static_cast<std::int64_t>(limit)}, team_of); });
}

Result<void> SqliteAccounts::set_team_description(std::int64_t org, std::int64_t team, std::string_view description,
                                                  const Origin& by) {
  return change([&](Connection& c) -> Result<void> {
    BERTH_CHECK_OK(must_change(c, Query::set_team_description, {description, org, team}, "team " + text_of(team)));
    BERTH_TRY(const auto name, get_team_name(c, org, team));
    BERTH_TRY(const auto home, get_org(c, org));
    return audit(c, team_event(AuditKind::team_changed, home.name, name, by));
  });
}

Result<void> SqliteAccounts::delete_team(std::int64_t org, std::int64_t team, const Origin& by) {
  return change([&](Connection& c) -> Result<void> {
    BERTH_TRY(const auto name, get_team_name(c, org, team));
    BERTH_TRY(const auto home, get_org(c, org));
    BERTH_TRY([[maybe_unused]] const auto members, c.run(Query::delete_team_members, {team}));
    BERTH_TRY([[maybe_unused]] const auto shares, c.run(Query::delete_team_shares, {team}));
    BERTH_TRY([[maybe_unused]] const auto invited, c.run(Query::delete_team_invitations, {team}));
    BERTH_CHECK_OK(must_change(c, Query::delete_team, {org, team}, "team " + text_of(team)));
    return audit(c, team_event(AuditKind::team_deleted, home.name, name, by));
  });
}

}  // namespace berth::catalog
