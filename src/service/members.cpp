#include "berth/service/members.h"

#include <algorithm>
#include <set>

#include "berth/auth/roles.h"
#include "berth/base/ascii.h"
#include "service/places.h"

namespace berth::service {

using base::ErrorCode;
using base::Result;
using catalog::Role;

namespace {

// The organisations of which grants speak, each once.
std::set<std::int64_t> orgs_in(const std::vector<catalog::Grant>& grants) {
  std::set<std::int64_t> ids;
  for (const auto& grant : grants) ids.insert(grant.org);
  return ids;
}

template <typename T>
void sort_by_name(std::vector<T>& items) {
  std::sort(items.begin(), items.end(), [](const T& a, const T& b) { return a.name < b.name; });
}

// `people` come by their ids.
void put_in_order(std::vector<catalog::User>& people, const PeopleOrder& order) {
  const auto before = [&](const catalog::User& a, const catalog::User& b) {
    if (order.by == PeopleOrder::By::name) return a.name < b.name;
    return order.by == PeopleOrder::By::email ? a.email < b.email : a.id < b.id;
  };
  std::stable_sort(people.begin(), people.end(), [&](const auto& a, const auto& b) {
    return order.direction == PeopleOrder::Direction::ascending ? before(a, b) : before(b, a);
  });
}

// Every page of a listing by name.
template <typename T, typename F>
Result<std::vector<T>> all_by_name(F&& page_after) {
  constexpr std::size_t kPage = 1000;
  std::vector<T> all;
  while (true) {
    BERTH_TRY(auto page, page_after(all.empty() ? std::string() : all.back().name, kPage));
    all.insert(all.end(), page.begin(), page.end());
    if (page.size() < kPage) return all;
  }
}

}  // namespace

Result<Role> parse_role(std::string_view name) {
  if (const auto role = auth::find_role(name)) return *role;
  std::string names;
  for (const auto& row : auth::role_rows()) names += (names.empty() ? "" : ", ") + std::string(row.name);
  return base::fail(ErrorCode::parameter_invalid, "there is no role \"" + std::string(name) + "\"; roles: " + names);
}

Result<void> check_role_at(const RolePlace& place, Role role) {
  if (place.team.empty() || role != Role::org_owner) return {};
  return base::fail(ErrorCode::parameter_invalid, "ORG_OWNER is a role of a whole organisation, not of a team");
}

// What an email is, is its mail server's to say; here it is a name with one '@' that fits in a line.
Result<std::string> parse_email(std::string_view text) {
  std::string email = base::lower_ascii(text);
  const auto at = email.find('@');
  const bool odd = std::any_of(email.begin(), email.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == 0x7f || std::string_view(":,<>\"\\").find(c) != std::string_view::npos;
  });
  if (at == std::string::npos || at == 0 || at + 1 == email.size() || email.find('@', at + 1) != std::string::npos || odd ||
      email.size() > 254) {
    return base::fail(ErrorCode::parameter_invalid,
                      "\"" + email + "\" is no email address: write name@host, without spaces, ':' or ','");
  }
  return email;
}

// --- organisations and teams ---------------------------------------------------------------------------------------------------------

Result<std::vector<catalog::Org>> Members::list_orgs(const auth::Principal& who) const {
  const std::int64_t only = who.ceiling == nullptr ? 0 : who.ceiling->org;
  if (who.is_administrator() && only == 0) {
    return all_by_name<catalog::Org>([&](const std::string& after, std::size_t limit) { return rows_.list_orgs(after, limit); });
  }
  std::set<std::int64_t> ids;
  if (who.rights != nullptr) ids = orgs_in(who.rights->grants);
  if (who.is_administrator()) ids = {only};
  std::vector<catalog::Org> orgs;
  for (const auto id : ids) {
    if (only != 0 && id != only) continue;
    BERTH_TRY(auto org, rows_.find_org(id));
    if (org) orgs.push_back(std::move(*org));
  }
  sort_by_name(orgs);
  return orgs;
}

Result<catalog::Org> Members::get_org(std::string_view name) const { return get_named_org(rows_, name); }

Result<void> Members::change_org(std::string_view name, catalog::OrgChange change) const {
  BERTH_TRY(const auto org, get_org(name));
  if (change.display_name && change.display_name->empty()) change.display_name = org.name;
  return rows_.change_org(org.id, change, by_);
}

Result<std::vector<catalog::Team>> Members::list_teams(const auth::Principal& who, std::string_view org_name) const {
  BERTH_TRY(const auto org, get_org(org_name));
  BERTH_TRY(auto teams, all_by_name<catalog::Team>(
                            [&](const std::string& after, std::size_t limit) { return rows_.list_teams(org.id, after, limit); }));
  static const std::vector<catalog::Grant> kNone;
  const auto& grants = who.rights == nullptr ? kNone : who.rights->grants;
  const auto has = [&](std::int64_t team) {
    return std::any_of(grants.begin(), grants.end(), [&](const auto& g) { return g.org == org.id && g.team == team; });
  };
  if (who.is_administrator() || has(0)) return teams;
  std::erase_if(teams, [&](const auto& team) { return !has(team.id); });
  return teams;
}

Result<catalog::Team> Members::get_team(const RolePlace& place) const {
  BERTH_TRY(const auto org, get_org(place.org));
  return get_named_team(rows_, org, place.team);
}

Result<void> Members::set_team_description(const RolePlace& place, std::string_view description) const {
  BERTH_TRY(const auto ids, ids_of(place));
  return rows_.set_team_description(ids.org, ids.team, description, by_);
}

Result<Members::Ids> Members::ids_of(const RolePlace& place) const {
  BERTH_TRY(const auto org, get_org(place.org));
  if (place.team.empty()) return Ids{org.id, 0};
  BERTH_TRY(const auto team, get_team(place));
  return Ids{org.id, team.id};
}

// --- people --------------------------------------------------------------------------------------------------------------------------

Result<Person> Members::get_self(std::int64_t id) const {
  BERTH_TRY(auto user, rows_.find_user(id));
  if (!user) return base::fail(no_such("user", std::to_string(id)));
  BERTH_TRY(auto roles, rows_.list_places(id));
  return Person{std::move(*user), std::move(roles)};
}

Result<void> Members::rename_self(std::int64_t user, std::string_view name) const { return rows_.set_user_name(user, name, by_); }

Result<std::vector<std::int64_t>> Members::list_ids(const RolePlace& place, const PeopleFilter& filter,
                                                    const PeopleOrder& order) const {
  BERTH_TRY(const auto at, ids_of(place));
  BERTH_TRY(auto ids, rows_.list_member_ids(at.org, at.team));
  const auto keep = [&](const std::vector<std::int64_t>& sorted, bool wanted) {
    std::erase_if(ids, [&](auto id) { return std::binary_search(sorted.begin(), sorted.end(), id) != wanted; });
  };
  if (!filter.not_in_team.empty()) {
    BERTH_TRY(const auto other, ids_of({place.org, filter.not_in_team}));
    BERTH_TRY(const auto others, rows_.list_member_ids(other.org, other.team));
    keep(others, false);
  }
  if (!filter.email.empty()) {
    BERTH_TRY(const auto user, rows_.find_user_by_email(filter.email));
    keep(user ? std::vector<std::int64_t>{user->id} : std::vector<std::int64_t>{}, true);
  }
  if (filter.name.empty() && order.by == PeopleOrder::By::id) {
    if (order.direction == PeopleOrder::Direction::descending) std::reverse(ids.begin(), ids.end());
    return ids;
  }
  std::vector<catalog::User> people;
  for (const auto one : ids) {
    BERTH_TRY(auto user, rows_.find_user(one));
    if (user && (filter.name.empty() || user->name == filter.name)) people.push_back(std::move(*user));
  }
  put_in_order(people, order);
  ids.clear();
  for (const auto& user : people) ids.push_back(user.id);
  return ids;
}

Result<std::optional<catalog::User>> Members::find_account(const PersonName& name) const {
  return name.id != 0 ? rows_.find_user(name.id) : rows_.find_user_by_email(name.email);
}

Result<Person> Members::get_person(std::string_view org_name, const PersonName& name) const {
  BERTH_TRY(const auto org, get_org(org_name));
  BERTH_TRY(auto user, find_account(name));
  std::vector<catalog::PlacedRole> roles;
  if (user) {
    BERTH_TRY(roles, rows_.list_places(user->id));
    std::erase_if(roles, [&](const auto& role) { return role.org.id != org.id; });
  }
  if (roles.empty()) return base::fail(no_such("user", name.text() + " in organisation " + org.name));
  return Person{std::move(*user), std::move(roles)};
}

Result<std::vector<catalog::User>> Members::list_owners(std::string_view org_name) const {
  BERTH_TRY(const auto org, get_org(org_name));
  BERTH_TRY(const auto ids, rows_.list_owner_ids(org.id));
  std::vector<catalog::User> owners;
  for (const auto id : ids) {
    BERTH_TRY(auto user, rows_.find_user(id));
    if (user) owners.push_back(std::move(*user));
  }
  return owners;
}

// --- roles ---------------------------------------------------------------------------------------------------------------------------

Result<void> Members::change_roles(const RolePlace& place, std::int64_t user, const std::vector<Role>& add,
                                   const std::vector<Role>& remove) const {
  BERTH_TRY(const auto at, ids_of(place));
  catalog::GrantChange change{user, at.org, {}, {}};
  for (const auto role : add) {
    BERTH_CHECK_OK(check_role_at(place, role));
    change.add.push_back({at.org, at.team, role});
  }
  for (const auto role : remove) change.remove.push_back({at.org, at.team, role});
  return rows_.change_grants(change, by_);
}

Result<void> Members::remove(const RolePlace& place, const Person& person) const {
  BERTH_TRY(const auto at, ids_of(place));
  catalog::GrantChange change{person.user.id, at.org, {}, {}};
  for (const auto& role : person.roles) {
    if (role.org.id != at.org || (at.team != 0 && role.team.id != at.team)) continue;
    change.remove.push_back({at.org, role.team.id, role.role});
  }
  return rows_.change_grants(change, by_);
}

}  // namespace berth::service
