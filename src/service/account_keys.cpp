// What a principal sees of itself, and keys as their owners handle them: never further than whoever makes them reaches.
#include <algorithm>

#include "berth/auth/roles.h"
#include "berth/service/accounts.h"

namespace berth::service {

using auth::Action;
using auth::ActionSet;
using auth::Principal;
using base::ErrorCode;
using base::Result;
using catalog::Role;

namespace {

// What a platform administrator may do to an organisation beyond its owner, and to the registry as a whole.
constexpr Action kAdministratorsInOrg[] = {Action::quota_set, Action::org_delete};
constexpr Action kAdministrators[] = {Action::org_create, Action::system_read, Action::system_write, Action::system_gc};

std::vector<std::string> names_of(ActionSet actions) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < auth::kActionCount; ++i) {
    if (const auto action = static_cast<Action>(i); actions.has(action)) names.emplace_back(auth::action_name(action));
  }
  return names;
}

void add_all(ActionSet& to, ActionSet more) {
  for (std::size_t i = 0; i < auth::kActionCount; ++i) {
    if (const auto action = static_cast<Action>(i); more.has(action)) to.add(action);
  }
}

bool has_roles(const Principal& principal) {
  return principal.rights != nullptr && (principal.is_administrator() || !principal.rights->grants.empty());
}

ActionSet let_through(const Principal& principal) {
  return principal.ceiling == nullptr ? ActionSet::all() : principal.ceiling->actions;
}

auto beyond_maker(std::string_view what) {
  return base::fail(ErrorCode::denied, "a key makes none that can do more than itself: " + std::string(what));
}

// A key whose own ceiling is `actions` (empty: everything its owner may) and `repositories`.
Result<void> check_within(const auth::Ceiling& maker, const std::vector<std::string>& actions) {
  if (!maker.repositories.empty()) return beyond_maker("it is for repositories alone");
  if (actions.empty() && maker.actions != ActionSet::all()) return beyond_maker("it lets some actions through alone");
  for (const auto& name : actions) {
    const auto action = auth::find_action(name);
    if (action && !maker.actions.has(*action)) return beyond_maker("it does not let " + name + " through");
  }
  return {};
}

Self::Part part_of(const std::string& name, const std::string& display_name) { return {name, display_name, {}, {}, {}}; }

}  // namespace

// --- oneself -------------------------------------------------------------------------------------------------------------------------

Result<void> Accounts::check_own_keys(const Principal& principal) {
  if (principal.user == 0) return base::fail(ErrorCode::denied, "a service key is its organisation's; it has no keys of its own");
  if (principal.ceiling == nullptr) return {};
  if (!principal.ceiling->actions.has(Action::keys_personal)) {
    return base::fail(ErrorCode::denied, "keys:personal is denied: the key does not allow this action");
  }
  if (principal.ceiling->repositories.empty()) return {};
  return base::fail(ErrorCode::denied, "keys:personal is denied: the key is for repositories alone");
}

Result<void> Accounts::check_in_person(const Principal& principal) {
  if (principal.user != 0 && principal.key == 0) return {};
  return base::fail(ErrorCode::denied, "a key does not do this for its owner: sign in with the password");
}

Result<Self> Accounts::describe(const Principal& principal) {
  Self self;
  if (principal.user != 0) {
    BERTH_TRY(self.user, rows_.find_user(principal.user));
  }
  if (principal.key != 0) {
    BERTH_TRY(self.key, rows_.find_key(principal.key));
  }
  if (principal.is_administrator() && (principal.ceiling == nullptr || principal.ceiling->org == 0)) {
    for (const auto action : kAdministrators) self.actions.add(action);
    self.actions = self.actions & let_through(principal);
  }
  BERTH_CHECK_OK(describe_orgs(principal, self));
  return self;
}

Result<void> Accounts::describe_orgs(const Principal& principal, Self& self) {
  std::vector<catalog::Membership> memberships;
  if (principal.user != 0) {
    BERTH_TRY(memberships, rows_.list_memberships(principal.user));
  } else if (self.key) {
    for (const auto& grant : principal.rights->grants) memberships.push_back({grant, self.key->org_name, self.key->org_name, {}});
  }
  const ActionSet through = let_through(principal);
  const std::int64_t only = principal.ceiling == nullptr ? 0 : principal.ceiling->org;
  std::int64_t last = 0;
  // By organisation, and its own roles before those of its teams.
  for (const auto& membership : memberships) {
    if (only != 0 && membership.grant.org != only) continue;
    if (self.orgs.empty() || last != membership.grant.org) {
      self.orgs.push_back(part_of(membership.org, membership.org_display_name));
      if (principal.is_administrator()) {
        self.orgs.back().actions = auth::role_row(Role::org_owner).actions;
        for (const auto action : kAdministratorsInOrg) self.orgs.back().actions.add(action);
      }
      last = membership.grant.org;
    }
    auto& org = self.orgs.back();
    const auto& role = auth::role_row(membership.grant.role);
    auto* part = &org;
    if (!membership.team.empty()) {
      if (org.teams.empty() || org.teams.back().name != membership.team) {
        org.teams.push_back(part_of(membership.team, {}));
        org.teams.back().actions = org.actions;  // a role at the level of the org holds in its teams
      }
      part = &org.teams.back();
      add_all(part->actions, role.own_team_actions);
    }
    part->roles.push_back(role.name);
    add_all(part->actions, role.actions);
  }
  for (auto& org : self.orgs) {
    org.actions = org.actions & through;
    for (auto& team : org.teams) team.actions = team.actions & through;
  }
  std::sort(self.orgs.begin(), self.orgs.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return {};
}

// --- keys ----------------------------------------------------------------------------------------------------------------------------

Result<KeyHolder> Accounts::holder_of(std::string_view org_name) {
  BERTH_TRY(const auto org, get_org(org_name));
  return KeyHolder{0, org.id};
}

Result<std::vector<Key>> Accounts::page_of_keys(const KeyHolder& holder, std::int64_t after, std::size_t limit) {
  return rows_.list_keys(holder, after, limit);
}

bool Accounts::is_over(const Key& key) const { return key.revoked || (key.expires && *key.expires <= clock_.now()); }

Result<Key> Accounts::get_key(const KeyHolder& holder, std::int64_t id) {
  BERTH_TRY(auto key, rows_.find_key(id));
  const bool its = key && (holder.user != 0 ? key->user == holder.user && (holder.org == 0 || key->org == holder.org)
                                            : key->kind == KeyKind::service && key->org == holder.org);
  if (!its) return base::fail(ErrorCode::object_unknown, "there is no key " + std::to_string(id) + " here");
  return std::move(*key);
}

Result<std::optional<base::TimePoint>> Accounts::end_of(const Principal& maker) {
  if (maker.key == 0) return std::nullopt;
  BERTH_TRY(const auto key, rows_.find_key(maker.key));
  if (!key) return std::nullopt;
  return key->expires;
}

Result<MadeKey> Accounts::create_key_by(const Principal& maker, KeyWish wish) {
  if (wish.kind == KeyKind::legacy && !has_roles(maker)) {
    return base::fail(ErrorCode::denied, "keys:personal is denied: it needs a role in some organisation");
  }
  if (wish.kind != KeyKind::service) {
    BERTH_TRY(const auto user, rows_.find_user(maker.user));
    if (user) wish.email = user->email;
  }
  if (wish.kind == KeyKind::service && wish.actions.empty()) wish.actions = {"registry:list", "registry:pull"};
  if (maker.ceiling != nullptr) {
    const auto& ceiling = *maker.ceiling;
    if (wish.kind == KeyKind::legacy && ceiling.org != 0) return beyond_maker("it holds in one organisation alone");
    if (wish.actions.empty() && ceiling.actions != ActionSet::all()) wish.actions = names_of(ceiling.actions);
    BERTH_CHECK_OK(check_within(ceiling, wish.actions));
    BERTH_TRY(const auto end, end_of(maker));
    if (end) {
      const auto left = std::chrono::floor<std::chrono::seconds>(*end - clock_.now());
      wish.lifetime = std::min(wish.lifetime.value_or(left), left);
    }
  }
  return create_key(wish);
}

Result<void> Accounts::revoke_key_of(const KeyHolder& holder, std::int64_t id) {
  BERTH_TRY(const auto key, get_key(holder, id));
  return rows_.revoke_key(key.id, by_);
}

Result<MadeKey> Accounts::rotate_key_by(const Principal& maker, const KeyHolder& holder, std::int64_t id,
                                        std::chrono::seconds overlap) {
  BERTH_TRY(const auto old, get_key(holder, id));
  if (is_over(old)) return base::fail(ErrorCode::object_unknown, "key " + std::to_string(id) + " is over; make a new one");
  if (maker.ceiling == nullptr || maker.key == id) return renew(old, overlap, std::nullopt);
  BERTH_CHECK_OK(check_within(*maker.ceiling, old.actions));
  BERTH_TRY(const auto end, end_of(maker));
  return renew(old, overlap, end);
}

Result<MadeKey> Accounts::renew(const Key& old, std::chrono::seconds overlap, std::optional<base::TimePoint> latest) {
  const auto now = clock_.now();
  catalog::NewKey key{.kind = old.kind,
                      .user = old.user,
                      .org = old.org,
                      .name = old.name,
                      .hash = {},
                      .actions = old.actions,
                      .repositories = old.repositories,
                      .expires = latest,
                      .instead_of = old.id};
  if (old.expires) {
    const auto end = now + (*old.expires - old.created);
    key.expires = std::min(key.expires.value_or(end), end);
  }
  BERTH_TRY(auto made, store_key(std::move(key)));
  BERTH_CHECK_OK(rows_.set_key_expiry(old.id, now + overlap, by_));
  return made;
}

}  // namespace berth::service
