// Who has which role where.
#include "catalog/accounts.h"

#include "berth/catalog/subjects.h"
#include "catalog/account_rows.h"

namespace berth::catalog {

using base::ErrorCode;
using base::fail;
using base::Result;

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
      return PlacedRole{{rows.integer(0), std::string(rows.text(1)), std::string(rows.text(2)), std::string(rows.text(7))},
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

}  // namespace berth::catalog
