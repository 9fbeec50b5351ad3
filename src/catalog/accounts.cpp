#include "catalog/accounts.h"

#include <set>

#include "berth/catalog/subjects.h"
#include "catalog/account_rows.h"
#include "catalog/blobs.h"

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

std::int64_t id_of(const Rows& rows) { return rows.integer(0); }

Value owner(std::int64_t id) {
  if (id == 0) return std::monostate{};
  return id;
}

Result<std::int64_t> require_repository(Connection& connection, const oci::RepositoryName& name) {
  BERTH_TRY(const auto id, find_repository(connection, name.text()));
  if (!id) return fail(ErrorCode::repository_unknown, "there is no repository " + name.text());
  return *id;
}

// --- what is told of a change, for the audit log ---

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

// Errors: unknown (org, team).
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

Result<AuditEvent> key_event(Connection& connection, AuditKind kind, std::int64_t id, const Origin& by) {
  AuditEvent event{.kind = kind, .by = by, .org = {}, .subject = key_subject(id), .detail = {}};
  BERTH_TRY(const auto key, first_row(connection, Query::find_key, {id}, key_of));
  if (!key) return event;
  if (key->user != 0) event.detail.emplace_back(AuditField::owner, user_subject(key->user));
  if (key->org == 0) return event;
  BERTH_TRY(auto org, get_org(connection, key->org));
  event.org = std::move(org.name);
  return event;
}

Result<std::vector<std::string>> team_names(Connection& connection, std::string_view org_name,
                                            const std::vector<std::int64_t>& teams) {
  std::vector<std::string> names;
  BERTH_TRY(const auto org, connection.find_integer(Query::find_org, {org_name}));
  for (const std::int64_t team : teams) {
    BERTH_TRY(auto name, get_team_name(connection, org.value_or(0), team));
    names.push_back(std::move(name));
  }
  return names;
}

// The organisations and teams that names of repositories imply.
struct Implied {
  std::set<std::string> orgs;
  std::set<std::pair<std::string, std::string>> teams;
};

Result<Implied> read_implied(Connection& connection, std::string_view default_org) {
  constexpr std::int64_t kStep = 1000;
  Implied implied;
  std::string after;
  while (true) {
    BERTH_TRY(auto rows, connection.query(Query::list_repositories, {std::string_view(after), kStep}));
    std::int64_t count = 0;
    while (true) {
      BERTH_TRY(const bool more, rows.next());
      if (!more) break;
      ++count;
      after = std::string(rows.text(0));
      BERTH_TRY(const auto name, oci::RepositoryName::parse(after));
      const std::string org(name.org().empty() ? default_org : name.org());
      implied.orgs.insert(org);
      if (!name.team().empty()) implied.teams.emplace(org, name.team());
    }
    if (count < kStep) return implied;
  }
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

Result<std::int64_t> SqliteAccounts::create_org(std::string_view name, std::string_view display_name, const Origin& by) {
  return change_to<std::int64_t>([&](Connection& c) -> Result<std::int64_t> {
    BERTH_TRY(const bool taken, c.exists(Query::find_org, {name}));
    if (taken) return fail(exists("an organisation " + std::string(name)).error());
    BERTH_TRY(const auto id, insert(c, Query::insert_org, {name, display_name, now()}));
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

Result<void> SqliteAccounts::set_org_name(std::int64_t org, std::string_view display_name, const Origin& by) {
  return change([&](Connection& c) -> Result<void> {
    BERTH_CHECK_OK(must_change(c, Query::set_org_name, {display_name, org}, "organisation " + text_of(org)));
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
    BERTH_CHECK_OK(audit(
        c,
        {.kind = AuditKind::team_created, .by = by, .org = home.name, .subject = team_subject(home.name, name), .detail = {}}));
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
    return audit(
        c, {.kind = AuditKind::team_changed, .by = by, .org = home.name, .subject = team_subject(home.name, name), .detail = {}});
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
    return audit(
        c, {.kind = AuditKind::team_deleted, .by = by, .org = home.name, .subject = team_subject(home.name, name), .detail = {}});
  });
}

// --- memberships -----------------------------------------------------------------------------------------------------------------

Result<void> SqliteAccounts::give(Connection& c, std::int64_t user, const Grant& grant, const Origin& by) const {
  BERTH_TRY(const bool user_there, c.exists(Query::find_user, {user}));
  if (!user_there) return unknown("user " + text_of(user));
  BERTH_TRY(const auto event, grant_event(c, AuditKind::role_granted, user, grant, by));
  BERTH_TRY(const auto added,
            c.run(Query::insert_grant, {user, grant.org, grant.team, static_cast<std::int64_t>(grant.role), now()}));
  if (added == 0) return {};
  return audit(c, event);
}

Result<bool> SqliteAccounts::take(Connection& c, std::int64_t user, const Grant& grant, const Origin& by) const {
  BERTH_TRY(const auto removed, c.run(Query::delete_grant, {user, grant.org, grant.team, static_cast<std::int64_t>(grant.role)}));
  if (removed == 0) return false;
  BERTH_TRY(const auto event, grant_event(c, AuditKind::role_revoked, user, grant, by));
  BERTH_CHECK_OK(audit(c, event));
  return true;
}

Result<void> SqliteAccounts::add_grant(std::int64_t user, const Grant& grant, const Origin& by) {
  return change([&](Connection& c) { return give(c, user, grant, by); });
}

Result<bool> SqliteAccounts::remove_grant(std::int64_t user, const Grant& grant, const Origin& by) {
  return change_to<bool>([&](Connection& c) { return take(c, user, grant, by); });
}

Result<std::vector<Grant>> SqliteAccounts::list_grants(std::int64_t user) {
  return readers_.with([&](Connection& c) {
    return all_rows(c, Query::list_grants, {user},
                    [](const Rows& rows) { return Grant{rows.integer(0), rows.integer(1), static_cast<Role>(rows.integer(2))}; });
  });
}

Result<std::vector<Membership>> SqliteAccounts::list_memberships(std::int64_t user) {
  return readers_.with([&](Connection& c) {
    return all_rows(c, Query::list_memberships, {user}, [](const Rows& rows) {
      return Membership{{rows.integer(0), rows.integer(1), static_cast<Role>(rows.integer(2))},
                        std::string(rows.text(3)),
                        std::string(rows.text(4)),
                        std::string(rows.text(5))};
    });
  });
}

Result<std::vector<Member>> SqliteAccounts::list_members(std::int64_t org, std::int64_t after, std::size_t limit) {
  return readers_.with([&](Connection& c) {
    return all_rows(c, Query::list_members, {org, after, static_cast<std::int64_t>(limit)}, [](const Rows& rows) {
      return Member{rows.integer(0), std::string(rows.text(1)), std::string(rows.text(2)), static_cast<Role>(rows.integer(3))};
    });
  });
}

Result<std::vector<std::int64_t>> SqliteAccounts::list_member_ids(std::int64_t org, std::int64_t team) {
  return readers_.with([&](Connection& c) {
    if (team == 0) return all_rows(c, Query::list_ids_of_org, {org}, id_of);
    return all_rows(c, Query::list_ids_of_team, {team}, id_of);
  });
}

Result<std::vector<std::int64_t>> SqliteAccounts::list_owner_ids(std::int64_t org) {
  return readers_.with([&](Connection& c) { return all_rows(c, Query::list_owners, {org}, id_of); });
}

Result<std::vector<PlacedRole>> SqliteAccounts::list_places(std::int64_t user) {
  return readers_.with([&](Connection& c) {
    return all_rows(c, Query::list_places, {user}, [](const Rows& rows) {
      return PlacedRole{{rows.integer(0), std::string(rows.text(1)), std::string(rows.text(2))},
                        {rows.integer(3), std::string(rows.text(4)), std::string(rows.text(5))},
                        static_cast<Role>(rows.integer(6))};
    });
  });
}

Result<void> SqliteAccounts::change_grants(const GrantChange& wanted, const Origin& by) {
  return change([&](Connection& c) -> Result<void> {
    BERTH_TRY(const bool owned, c.exists(Query::list_owners, {wanted.org}));
    for (const auto& grant : wanted.remove) {
      BERTH_TRY([[maybe_unused]] const bool had, take(c, wanted.user, grant, by));
    }
    for (const auto& grant : wanted.add) BERTH_CHECK_OK(give(c, wanted.user, grant, by));
    BERTH_TRY(const bool still_owned, c.exists(Query::list_owners, {wanted.org}));
    if (owned && !still_owned) {
      return fail(ErrorCode::conflict, "this is the organisation's last ORG_OWNER; give the role to somebody else first");
    }
    return {};
  });
}

// --- keys ------------------------------------------------------------------------------------------------------------------------

Result<std::int64_t> SqliteAccounts::create_key(const NewKey& key, const Origin& by) {
  const std::string actions = join(key.actions);
  const std::string repositories = join(key.repositories);
  return change_to<std::int64_t>([&](Connection& c) -> Result<std::int64_t> {
    const auto at = now();
    if (key.user != 0) {
      BERTH_TRY(const bool there, c.exists(Query::find_user, {key.user}));
      if (!there) return fail(unknown("user " + text_of(key.user)).error());
    }
    std::string org;
    if (key.org != 0) {
      BERTH_TRY(const auto home, get_org(c, key.org));
      org = home.name;
    }
    if (key.kind == KeyKind::legacy) {
      BERTH_TRY([[maybe_unused]] const auto revoked, c.run(Query::revoke_legacy_keys, {at, key.user}));
    }
    BERTH_TRY(const auto id, insert(c, Query::insert_key,
                                    {static_cast<std::int64_t>(key.kind), owner(key.user), owner(key.org),
                                     std::string_view(key.name), std::string_view(key.hash), std::string_view(actions),
                                     std::string_view(repositories), at, time_or_null(key.expires)}));
    AuditDetail detail = {{AuditField::kind, std::string(key_kind_name(key.kind))}};
    if (key.user != 0) detail.emplace_back(AuditField::owner, user_subject(key.user));
    if (!actions.empty()) detail.emplace_back(AuditField::actions, actions);
    if (!repositories.empty()) detail.emplace_back(AuditField::repositories, repositories);
    if (key.expires) detail.emplace_back(AuditField::expires, base::format_rfc3339(*key.expires));
    BERTH_CHECK_OK(audit(
        c, {.kind = AuditKind::key_created, .by = by, .org = org, .subject = key_subject(id), .detail = std::move(detail)}));
    return id;
  });
}

Result<std::optional<Key>> SqliteAccounts::find_key(std::int64_t id) {
  return readers_.with([&](Connection& c) { return first_row(c, Query::find_key, {id}, key_of); });
}

Result<std::optional<Key>> SqliteAccounts::find_key_by_hash(std::string_view hash) {
  return readers_.with([&](Connection& c) { return first_row(c, Query::find_key_by_hash, {hash}, key_of); });
}

Result<std::vector<Key>> SqliteAccounts::list_keys(const KeyHolder& holder, std::int64_t after, std::size_t limit) {
  const auto most = static_cast<std::int64_t>(limit);
  return readers_.with([&](Connection& c) {
    if (holder.user != 0) return all_rows(c, Query::list_keys_of_user, {holder.user, after, holder.org, most}, key_of);
    return all_rows(c, Query::list_keys_of_org, {holder.org, after, most}, key_of);
  });
}

Result<void> SqliteAccounts::revoke_key(std::int64_t id, const Origin& by) {
  return change([&](Connection& c) -> Result<void> {
    BERTH_CHECK_OK(must_change(c, Query::revoke_key, {now(), id}, "key " + text_of(id)));
    BERTH_TRY(const auto event, key_event(c, AuditKind::key_revoked, id, by));
    return audit(c, event);
  });
}

Result<void> SqliteAccounts::set_key_expiry(std::int64_t id, base::TimePoint expires, const Origin& by) {
  return change([&](Connection& c) -> Result<void> {
    const auto end = base::to_unix_micros(expires);
    BERTH_CHECK_OK(must_change(c, Query::set_key_expiry, {end, id}, "key " + text_of(id)));
    BERTH_TRY(auto event, key_event(c, AuditKind::key_expiry_set, id, by));
    event.detail.emplace_back(AuditField::expires, base::format_rfc3339(expires));
    return audit(c, event);
  });
}

Result<void> SqliteAccounts::touch_keys(const std::vector<std::pair<std::int64_t, base::TimePoint>>& uses) {
  if (uses.empty()) return {};
  return writer_.run(
      [&](Connection& c) -> Result<void> {
        for (const auto& [id, at] : uses) {
          BERTH_TRY([[maybe_unused]] const auto touched, c.run(Query::touch_key, {base::to_unix_micros(at), id}));
        }
        return {};
      },
      Writer::Effect::bookkeeping);
}

// --- repositories ----------------------------------------------------------------------------------------------------------------

Result<Place> SqliteAccounts::find_place(const PlaceName& name) {
  return readers_.with([&](Connection& c) -> Result<Place> {
    Place place;
    BERTH_TRY(place.org, c.find_integer(Query::find_org, {name.org}));
    if (place.org && !name.team.empty()) {
      BERTH_TRY(place.team, c.find_integer(Query::find_team, {*place.org, name.team}));
    }
    std::int64_t repository = 0;
    {
      BERTH_TRY(auto rows, c.query(Query::find_repository_access, {name.repository}));
      BERTH_TRY(place.exists, rows.next());
      if (!place.exists) return place;
      repository = rows.integer(0);
      place.visibility = static_cast<Visibility>(rows.integer(1));
    }
    if (place.visibility != Visibility::shared_teams) return place;
    BERTH_TRY(place.shared_teams, all_rows(c, Query::list_shares, {repository}, id_of));
    return place;
  });
}

Result<void> SqliteAccounts::set_visibility(const oci::RepositoryName& repository, Visibility visibility,
                                            const std::vector<std::int64_t>& teams, const Origin& by) {
  return change([&](Connection& c) -> Result<void> {
    BERTH_TRY(const auto id, require_repository(c, repository));
    BERTH_TRY([[maybe_unused]] const auto set, c.run(Query::set_visibility, {static_cast<std::int64_t>(visibility), id}));
    BERTH_TRY([[maybe_unused]] const auto cleared, c.run(Query::delete_shares, {id}));
    for (const auto team : teams) {
      BERTH_TRY([[maybe_unused]] const auto shared, c.run(Query::insert_share, {id, team}));
    }
    auto event = audit_.of_repository(AuditKind::visibility_set, repository.text(), by);
    event.detail.emplace_back(AuditField::visibility, std::string(visibility_name(visibility)));
    if (!teams.empty()) {
      BERTH_TRY(const auto names, team_names(c, audit_.org_of(repository.text()), teams));
      event.detail.emplace_back(AuditField::teams, join(names));
    }
    return audit(c, event);
  });
}

Result<Openness> SqliteAccounts::get_openness(const oci::RepositoryName& repository) {
  return readers_.with([&](Connection& c) -> Result<Openness> {
    BERTH_TRY(const auto id, require_repository(c, repository));
    Openness openness;
    BERTH_TRY(const auto visibility, c.find_integer(Query::find_visibility, {id}));
    openness.visibility = static_cast<Visibility>(visibility.value_or(0));
    BERTH_TRY(openness.teams,
              all_rows(c, Query::list_share_names, {id}, [](const Rows& rows) { return std::string(rows.text(0)); }));
    return openness;
  });
}

Result<void> SqliteAccounts::set_immutable_tags(const oci::RepositoryName& repository, const std::vector<std::string>& patterns,
                                                const Origin& by) {
  const std::string list = join(patterns);
  return change([&](Connection& c) -> Result<void> {
    BERTH_TRY(const auto id, require_repository(c, repository));
    BERTH_TRY([[maybe_unused]] const auto set, c.run(Query::set_immutable_tags, {std::string_view(list), id}));
    auto event = audit_.of_repository(AuditKind::immutable_tags_set, repository.text(), by);
    event.detail.emplace_back(AuditField::patterns, list);
    return audit(c, event);
  });
}

Result<std::vector<std::string>> SqliteAccounts::list_immutable_tags(const oci::RepositoryName& repository) {
  return readers_.with([&](Connection& c) -> Result<std::vector<std::string>> {
    BERTH_TRY(const auto id, require_repository(c, repository));
    BERTH_TRY(const auto list,
              first_row(c, Query::find_immutable_tags, {id}, [](const Rows& rows) { return split(rows.text(0)); }));
    return list.value_or(std::vector<std::string>{});
  });
}

// --- from --open to accounts -------------------------------------------------------------------------------------------------------

Result<void> SqliteAccounts::note_open_data() {
  BERTH_TRY(const auto noted, readers_.with([](Connection& c) { return c.find_integer(Query::find_open_data, {}); }));
  if (noted.value_or(0) != 0) return {};
  return change([](Connection& c) -> Result<void> {
    BERTH_TRY([[maybe_unused]] const auto set, c.run(Query::set_open_data, {std::int64_t{1}}));
    return {};
  });
}

Result<std::int64_t> SqliteAccounts::adopt_orgs(std::int64_t owner_id, std::string_view default_org, const Origin& by) {
  BERTH_TRY(const auto noted, readers_.with([](Connection& c) { return c.find_integer(Query::find_open_data, {}); }));
  if (noted.value_or(0) == 0) return 0;
  return change_to<std::int64_t>([&](Connection& c) -> Result<std::int64_t> {
    BERTH_TRY(const auto implied, read_implied(c, default_org));
    const auto at = now();
    std::int64_t made = 0;
    for (const auto& org : implied.orgs) {
      BERTH_TRY(const bool there, c.exists(Query::find_org, {std::string_view(org)}));
      if (there) continue;
      BERTH_TRY(const auto id, insert(c, Query::insert_org, {std::string_view(org), std::string_view(org), at}));
      BERTH_TRY([[maybe_unused]] const auto granted,
                c.run(Query::insert_grant, {owner_id, id, std::int64_t{0}, static_cast<std::int64_t>(Role::org_owner), at}));
      BERTH_CHECK_OK(audit(c, org_created(org, by)));
      BERTH_TRY(const auto event, grant_event(c, AuditKind::role_granted, owner_id, {id, 0, Role::org_owner}, by));
      BERTH_CHECK_OK(audit(c, event));
      ++made;
    }
    for (const auto& [org, team] : implied.teams) {
      BERTH_TRY([[maybe_unused]] const auto added,
                c.run(Query::ensure_team, {std::string_view(team), at, std::string_view(org)}));
    }
    BERTH_TRY([[maybe_unused]] const auto cleared, c.run(Query::set_open_data, {std::int64_t{0}}));
    return made;
  });
}

}  // namespace berth::catalog
