#include "berth/auth/decision.h"

#include <algorithm>

#include "berth/base/pattern.h"

namespace berth::auth {

using catalog::Grant;
using catalog::Visibility;

namespace {

bool is_reading(Action action) { return action == Action::registry_list || action == Action::registry_pull; }

bool open_to_all(const Question& q) {
  if (q.repository.empty()) return false;
  if (q.place.visibility == Visibility::everyone) return is_reading(q.action);
  return q.place.visibility == Visibility::listed && q.action == Action::registry_list;
}

bool of_org(const Grant& grant, const Question& q) { return q.place.org && grant.org == *q.place.org; }

bool of_own_team(const Grant& grant, const Question& q) { return grant.team != 0 && q.place.team && *q.place.team == grant.team; }

// Whether the grant is of the organisation or, where a team is asked about, holds in it.
bool reaches(const Grant& grant, const Question& q) {
  return of_org(grant, q) && (q.team.empty() || grant.team == 0 || of_own_team(grant, q));
}

// A role at the level of the org holds in all its teams; a team's role in that team alone.
bool gives(const Grant& grant, const Question& q, Action action) {
  if (!of_org(grant, q)) return false;
  const auto& row = role_row(grant.role);
  const bool own_team = of_own_team(grant, q);
  if (grant.team != 0 && !own_team) return false;
  return row.actions.has(action) || (own_team && row.own_team_actions.has(action));
}

// What a repository is shared for is read by those who may read elsewhere: in the org, or in a team it is shared with.
bool shared_with(const Grant& grant, const Question& q) {
  if (q.repository.empty() || !is_reading(q.action) || !of_org(grant, q) || !role_row(grant.role).actions.has(q.action))
    return false;
  switch (q.place.visibility) {
    case Visibility::org_private: return false;
    case Visibility::shared_org:
    case Visibility::listed:
    case Visibility::everyone: return true;
    case Visibility::shared_teams:
      return std::find(q.place.shared_teams.begin(), q.place.shared_teams.end(), grant.team) != q.place.shared_teams.end();
  }
  return false;
}

bool has_right(const Rights& rights, const Question& q, Action action) {
  return std::any_of(rights.grants.begin(), rights.grants.end(), [&](const Grant& grant) { return gives(grant, q, action); });
}

bool roles_allow(const Principal& principal, const Question& q) {
  if (principal.rights == nullptr) return false;
  if (principal.is_administrator()) return true;
  return std::any_of(principal.rights->grants.begin(), principal.rights->grants.end(),
                     [&](const Grant& grant) { return gives(grant, q, q.action) || shared_with(grant, q); });
}

bool is_member(const Principal& principal, const Question& q) {
  if (principal.rights == nullptr) return false;
  return std::any_of(principal.rights->grants.begin(), principal.rights->grants.end(),
                     [&](const Grant& grant) { return of_org(grant, q); });
}

std::string subject(const Question& q) {
  if (!q.repository.empty()) return "repository " + std::string(q.repository);
  if (!q.team.empty()) return "team " + std::string(q.org) + '/' + std::string(q.team);
  if (!q.org.empty()) return "organisation " + std::string(q.org);
  return "the registry";
}

Decision deny(const Question& q, std::string_view why) {
  std::string reason = std::string(action_name(q.action)) + " on " + subject(q) + " is denied";
  if (!why.empty()) reason += ": " + std::string(why);
  return {Verdict::denied, std::move(reason)};
}

// The weakest role that has the action; empty: none has.
std::string_view least_role(Action action) {
  for (const auto& row : role_rows()) {
    if (row.actions.has(action)) return row.name;
  }
  return {};
}

std::string missing_role(const Question& q) {
  const auto role = least_role(q.action);
  if (role.empty()) return "only a platform administrator may do it";
  std::string where = "in organisation " + std::string(q.org);
  if (!q.team.empty()) where += " or its team " + std::string(q.team);
  return "it needs the role " + std::string(role) + ' ' + where;
}

Need need_of(const Question& q, Action action) {
  Need need{action, std::string(q.org.empty() ? "*" : q.org), least_role(action)};
  if (!q.team.empty()) need.scope += '/' + std::string(q.team);
  return need;
}

// Members may know which role they lack; to everybody else an organisation looks the same whether or not it is there.
Decision refuse(const Principal& principal, const Question& q) {
  if (!is_member(principal, q)) return deny(q, {});
  auto decision = deny(q, missing_role(q));
  decision.need = need_of(q, q.action);
  return decision;
}

// A push makes repositories, and teams only for who may manage them; it never makes an organisation.
std::optional<Decision> refuse_new_place(const Principal& principal, const Question& q) {
  if (q.action != Action::registry_push || q.repository.empty()) return std::nullopt;
  if (!q.place.org) return deny(q, "there is no organisation " + std::string(q.org) + ", and a push makes none");
  if (q.team.empty() || q.place.team || principal.is_administrator()) return std::nullopt;
  if (has_right(*principal.rights, q, Action::teams_manage)) return std::nullopt;
  auto decision = deny(q, "there is no team " + std::string(q.team) + " in organisation " + std::string(q.org) +
                              ", and making it needs the role USER_ADMIN or ORG_OWNER");
  decision.need = Need{Action::teams_manage, std::string(q.org), least_role(Action::teams_manage)};
  return decision;
}

// Every known principal may ask for the list of repositories, and sees in it what it may list.
bool asks_for_the_list(const Question& q) { return q.org.empty() && q.action == Action::registry_list; }

// A key of another organisation knows nothing of this one.
bool key_reaches(const Ceiling& ceiling, const Question& q) {
  return ceiling.org == 0 || (q.place.org && *q.place.org == ceiling.org);
}

std::optional<Decision> refuse_by_key(const Ceiling& ceiling, const Question& q) {
  if (!asks_for_the_list(q) && !key_reaches(ceiling, q)) {
    return deny(q, q.org.empty() ? "the key belongs to an organisation" : "the key belongs to another organisation");
  }
  if (!ceiling.actions.has(q.action)) return deny(q, "the key does not allow this action");
  if (!q.repository.empty() && !ceiling.covers(q.repository)) return deny(q, "the key does not cover this repository");
  // A key for some repositories does nothing to an organisation or the registry.
  if (q.repository.empty() && !ceiling.repositories.empty() && !asks_for_the_list(q)) {
    return deny(q, "the key is for repositories alone");
  }
  return std::nullopt;
}

std::string not_issued(std::string_view what, const Question& q) {
  return "the token was not issued for " + std::string(what) + " on " + subject(q);
}

bool token_covers(const TokenScope& scope, const Question& q) {
  if (scope.breadth == TokenScope::Breadth::everything) return true;
  if (q.repository.empty()) return scope.catalog && asks_for_the_list(q);
  // The list is of use with what is on it alone.
  return scope.covers(q.repository, q.action) || (scope.catalog && q.action == Action::registry_list);
}

}  // namespace

bool Ceiling::covers(std::string_view repository) const {
  return repositories.empty() || std::any_of(repositories.begin(), repositories.end(), [&](const std::string& pattern) {
           return base::matches_pattern(pattern, repository);
         });
}

bool TokenScope::covers(std::string_view repository, Action action) const {
  if (breadth == Breadth::everything) return true;
  return std::any_of(items.begin(), items.end(),
                     [&](const Item& item) { return item.repository == repository && item.actions.has(action); });
}

bool TokenScope::names(std::string_view repository) const {
  return breadth == Breadth::everything ||
         std::any_of(items.begin(), items.end(), [&](const Item& item) { return item.repository == repository; });
}

Decision decide(const Principal& principal, const Question& q) {
  if (principal.kind == Principal::Kind::open || open_to_all(q)) return {Verdict::allowed, {}};
  if (principal.kind == Principal::Kind::guest) return {Verdict::unauthorized, "log in: this needs an account"};
  // The key first: what it says depends on names alone, and so tells nothing of what is there.
  if (principal.ceiling != nullptr) {
    if (auto no = refuse_by_key(*principal.ceiling, q)) return *no;
  }
  if (!asks_for_the_list(q) && !roles_allow(principal, q)) return refuse(principal, q);
  if (auto no = refuse_new_place(principal, q)) return *no;
  if (principal.scope != nullptr && !token_covers(*principal.scope, q)) {
    return {Verdict::insufficient_scope, not_issued(action_name(q.action), q)};
  }
  return {Verdict::allowed, {}};
}

Decision decide_member(const Principal& principal, const Question& q) {
  if (principal.kind == Principal::Kind::open) return {Verdict::allowed, {}};
  if (principal.kind == Principal::Kind::guest) return {Verdict::unauthorized, "log in: this needs an account"};
  const bool reached = principal.ceiling == nullptr || key_reaches(*principal.ceiling, q);
  const bool member = principal.rights != nullptr && std::any_of(principal.rights->grants.begin(), principal.rights->grants.end(),
                                                                 [&](const Grant& grant) { return reaches(grant, q); });
  if (!reached || !(member || principal.is_administrator()))
    return {Verdict::denied, "nothing on " + subject(q) + " is open to you"};
  if (principal.for_repositories_alone()) {
    return {Verdict::insufficient_scope, not_issued("anything", q)};
  }
  return {Verdict::allowed, {}};
}

namespace {

// Whether anything but what is open to everybody can be on the principal's list.
bool lists_by_right(const Principal& principal) {
  if (principal.rights == nullptr) return false;
  if (principal.ceiling != nullptr && !principal.ceiling->actions.has(Action::registry_list)) return false;
  if (principal.scope == nullptr || principal.scope->breadth == TokenScope::Breadth::everything) return true;
  const auto lists = [](const TokenScope::Item& item) { return item.actions.has(Action::registry_list); };
  return principal.scope->catalog || std::any_of(principal.scope->items.begin(), principal.scope->items.end(), lists);
}

}  // namespace

catalog::Sight sight_of(const Principal& principal, std::string_view default_org) {
  catalog::Sight sight;
  sight.default_org = default_org;
  if (principal.kind == Principal::Kind::open) sight.breadth = catalog::Sight::Breadth::everything;
  if (!lists_by_right(principal)) return sight;
  const std::int64_t only = principal.ceiling == nullptr ? 0 : principal.ceiling->org;
  if (principal.ceiling != nullptr) sight.patterns = principal.ceiling->repositories;
  if (principal.is_administrator() && only == 0) {
    sight.breadth = catalog::Sight::Breadth::everything;
    return sight;
  }
  if (principal.is_administrator()) sight.parts.push_back({only, 0});
  for (const auto& grant : principal.rights->grants) {
    if (only != 0 && grant.org != only) continue;
    if (role_row(grant.role).actions.has(Action::registry_list)) sight.parts.push_back({grant.org, grant.team});
  }
  return sight;
}

}  // namespace berth::auth
