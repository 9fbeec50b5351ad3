// Actions and roles: one table, CONTRACTS.md's "Roles × actions". Pure.
//
// A new permission = one Action and one row in src/auth/roles.cpp.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

#include "berth/catalog/accounts.h"

namespace berth::auth {

enum class Action : std::uint8_t {
  registry_list,
  registry_pull,
  licence_accept,
  registry_push,
  registry_edit,
  registry_delete,
  registry_publish,
  registry_policy,
  hooks_edit,
  keys_service,
  keys_personal,
  users_list,
  users_invite,
  users_role,
  users_remove,
  teams_manage,
  audit_read,
  quota_read,
  org_edit,
  quota_set,
  org_create,
  org_delete,
  system_read,
  system_write,
  system_gc,
};
inline constexpr std::size_t kActionCount = static_cast<std::size_t>(Action::system_gc) + 1;

class ActionSet {
 public:
  constexpr ActionSet() = default;
  constexpr ActionSet(std::initializer_list<Action> actions) {
    for (const auto action : actions) add(action);
  }
  static constexpr ActionSet all() {
    ActionSet set;
    set.bits_ = (1U << kActionCount) - 1;
    return set;
  }
  constexpr void add(Action action) { bits_ |= bit(action); }
  constexpr void remove(Action action) { bits_ &= ~bit(action); }
  [[nodiscard]] constexpr bool has(Action action) const { return (bits_ & bit(action)) != 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  friend constexpr ActionSet operator&(ActionSet a, ActionSet b) {
    a.bits_ &= b.bits_;
    return a;
  }
  friend constexpr bool operator==(ActionSet, ActionSet) = default;

 private:
  static constexpr std::uint32_t bit(Action action) { return 1U << static_cast<unsigned>(action); }
  std::uint32_t bits_ = 0;
};

// "registry:pull", as CONTRACTS.md spells it.
std::string_view action_name(Action action);
std::optional<Action> find_action(std::string_view name);

// Whether the action only looks. What does not is refused while the registry is read-only.
bool only_reads(Action action);

struct RoleRow {
  catalog::Role role;
  std::string_view name;  // "REGISTRY_READ"
  ActionSet actions;
  // Actions that the role gives in a team alone, and only where it was given for that team.
  ActionSet own_team_actions;
};
// From the weakest: the first that has an action is the one to name to somebody who lacks it.
std::span<const RoleRow> role_rows();
const RoleRow& role_row(catalog::Role role);
std::optional<catalog::Role> find_role(std::string_view name);

}  // namespace berth::auth
