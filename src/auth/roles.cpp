#include "berth/auth/roles.h"

#include <algorithm>
#include <array>

namespace berth::auth {

namespace {

using enum Action;
using catalog::Role;
using catalog::role_name;

constexpr std::array<std::string_view, kActionCount> kActionNames = {
    "registry:list",   "registry:pull", "licence:accept", "registry:push", "registry:edit", "registry:delete", "registry:publish",
    "registry:policy", "hooks:edit",    "keys:service",   "keys:personal", "users:list",    "users:invite",    "users:role",
    "users:remove",    "teams:manage",  "audit:read",     "quota:read",    "org:edit",      "quota:set",       "org:create",
    "org:delete",      "system:read",   "system:write",   "system:gc",
};

constexpr ActionSet kRead = {registry_list, registry_pull, licence_accept, keys_personal};
constexpr ActionSet kUser = {registry_list, registry_pull, licence_accept, keys_personal, registry_push, registry_edit};
constexpr ActionSet kAdmin = {registry_list, registry_pull,   licence_accept,   keys_personal,   registry_push,
                              registry_edit, registry_delete, registry_publish, registry_policy, hooks_edit,
                              keys_service,  users_list,      audit_read,       quota_read};
constexpr ActionSet kUserAdmin = {keys_personal, users_list, users_invite, users_role, users_remove, teams_manage};
constexpr ActionSet kOwner = {registry_list, registry_pull,   licence_accept,   keys_personal,   registry_push,
                              registry_edit, registry_delete, registry_publish, registry_policy, hooks_edit,
                              keys_service,  users_list,      users_invite,     users_role,      users_remove,
                              teams_manage,  audit_read,      quota_read,       org_edit};

constexpr RoleRow kRoles[] = {
    {Role::registry_read, role_name(Role::registry_read), kRead, {users_list}},
    {Role::registry_user, role_name(Role::registry_user), kUser, {users_list}},
    {Role::registry_admin, role_name(Role::registry_admin), kAdmin, {}},
    {Role::user_admin, role_name(Role::user_admin), kUserAdmin, {}},
    {Role::org_owner, role_name(Role::org_owner), kOwner, {}},
};

}  // namespace

std::string_view action_name(Action action) { return kActionNames[static_cast<std::size_t>(action)]; }

std::optional<Action> find_action(std::string_view name) {
  const auto found = std::find(kActionNames.begin(), kActionNames.end(), name);
  if (found == kActionNames.end()) return std::nullopt;
  return static_cast<Action>(found - kActionNames.begin());
}

bool only_reads(Action action) {
  static constexpr ActionSet kLooking = {registry_list, registry_pull, users_list, audit_read, quota_read, system_read};
  return kLooking.has(action);
}

std::span<const RoleRow> role_rows() { return kRoles; }

// The table is in the order of the values, which start at 1.
const RoleRow& role_row(Role role) { return kRoles[static_cast<std::size_t>(role) - 1]; }

std::optional<Role> find_role(std::string_view name) {
  for (const auto& row : kRoles) {
    if (row.name == name) return row.role;
  }
  return std::nullopt;
}

}  // namespace berth::auth
