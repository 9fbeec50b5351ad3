#include "api/ngc/documents.h"

#include <algorithm>

#include "api/ngc/answers.h"
#include "berth/auth/roles.h"

namespace berth::api::ngc {

using auth::Action;
using base::OrderedJson;
using catalog::Role;

namespace {

struct RoleWords {
  std::string_view display;
  std::string_view brief;
};

RoleWords words_of(Role role) {
  switch (role) {
    case Role::registry_read: return {"Registry Read", "Read"};
    case Role::registry_user: return {"Registry User", "User"};
    case Role::registry_admin: return {"Registry Admin", "Admin"};
    case Role::user_admin: return {"User Admin", "User Admin"};
    case Role::org_owner: return {"Organization Owner", "Owner"};
  }
  return {};
}

// NGC's atoms: what a role amounts to, by service (CONTRACTS.md, Roles × actions).
struct Atom {
  std::string_view service;
  std::string_view level;
  Action action;
};
constexpr Atom kAtoms[] = {
    {"registry", "READ", Action::registry_pull},    {"registry", "WRITE", Action::registry_push},
    {"registry", "ADMIN", Action::registry_delete}, {"user", "READ", Action::users_list},
    {"user", "WRITE", Action::users_role},          {"user", "ADMIN", Action::teams_manage},
};

OrderedJson allowed_actions(const auth::RoleRow& row) {
  auto all = OrderedJson::array();
  for (const std::string_view service : {"registry", "user"}) {
    auto levels = OrderedJson::array();
    for (const auto& atom : kAtoms) {
      if (atom.service == service && (row.actions.has(atom.action) || row.own_team_actions.has(atom.action))) {
        levels.push_back(atom.level);
      }
    }
    if (!levels.empty()) all.push_back({{"service", service}, {"accessLevels", std::move(levels)}});
  }
  return all;
}

bool same_place(const catalog::PlacedRole& a, const catalog::PlacedRole& b) {
  return a.org.id == b.org.id && a.team.id == b.team.id;
}

}  // namespace

OrderedJson document_of(const catalog::Org& org) {
  return {{"id", org.id},
          {"name", org.name},
          {"displayName", org.display_name},
          {"description", org.description},
          {"type", "ENTERPRISE"}};
}

OrderedJson document_of(const catalog::Team& team) {
  return {{"id", team.id}, {"name", team.name}, {"description", team.description}, {"isDeleted", false}};
}

OrderedJson document_of(std::span<const catalog::PlacedRole> roles) {
  auto list = OrderedJson::array();
  for (std::size_t i = 0; i < roles.size(); ++i) {
    if (i == 0 || !same_place(roles[i], roles[i - 1])) {
      OrderedJson item = {{"org", document_of(roles[i].org)}, {"orgRoles", OrderedJson::array()}};
      if (roles[i].team.id != 0) {
        item["team"] = document_of(roles[i].team);
        item["teamRoles"] = OrderedJson::array();
      }
      list.push_back(std::move(item));
    }
    list.back()[roles[i].team.id != 0 ? "teamRoles" : "orgRoles"].push_back(auth::role_row(roles[i].role).name);
  }
  return list;
}

OrderedJson document_of(const service::Person& person) {
  const auto& user = person.user;
  return {{"id", user.id},
          {"clientId", std::to_string(user.id)},
          {"starfleetId", std::to_string(user.id)},
          {"name", user.name},
          {"email", user.email},
          {"isActive", user.standing == catalog::Standing::active},
          {"isDeleted", false},
          {"createdDate", date_text(user.created)},
          {"roles", document_of(std::span(person.roles))}};
}

std::string_view nca_role(std::span<const catalog::PlacedRole> roles) {
  const auto has = [&](Role role) {
    return std::any_of(roles.begin(), roles.end(),
                       [role](const auto& placed) { return placed.team.id == 0 && placed.role == role; });
  };
  if (has(Role::org_owner)) return "OWNER";
  return has(Role::user_admin) ? "ADMIN" : "MEMBER";
}

OrderedJson roles_document() {
  auto list = OrderedJson::array();
  for (const auto& row : auth::role_rows()) {
    const auto words = words_of(row.role);
    list.push_back({{"name", row.name},
                    {"displayName", words.display},
                    {"shortDisplayName", words.brief},
                    {"product", {{"name", "REGISTRY"}, {"displayName", "Registry"}}},
                    {"allowedActions", allowed_actions(row)}});
  }
  return list;
}

}  // namespace berth::api::ngc
