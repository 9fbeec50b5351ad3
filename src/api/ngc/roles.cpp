#include "api/ngc/roles.h"

#include <algorithm>

namespace berth::api::ngc {

using base::ErrorCode;
using base::Result;
using catalog::Role;
using service::RolePlace;

Result<std::vector<Role>> parse_roles(const std::vector<std::string>& names) {
  std::vector<Role> roles;
  for (const auto& name : names) {
    BERTH_TRY(const auto role, service::parse_role(name));
    if (std::find(roles.begin(), roles.end(), role) == roles.end()) roles.push_back(role);
  }
  return roles;
}

Result<std::vector<Role>> parse_roles(const Query& query) {
  std::vector<std::string> names;
  for (const auto& value : query.find_all("roles")) {
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      names.emplace_back(rest.substr(0, comma));
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
  }
  if (names.empty()) return base::fail(ErrorCode::parameter_invalid, "the query must name roles: ?roles=REGISTRY_READ");
  return parse_roles(names);
}

Result<void> check_roles(const Services& services, const Call& call, const RolePlace& place, std::span<const Role> roles) {
  for (const auto role : roles) BERTH_CHECK_OK(service::check_role_at(place, role));
  if (std::find(roles.begin(), roles.end(), Role::org_owner) == roles.end()) return {};
  // The one action that no other role has.
  if (services.policy.check(call.principal, auth::Action::org_edit, {{}, place.org})) return {};
  return base::fail(ErrorCode::denied, "ORG_OWNER of " + place.org + " is given and taken by an ORG_OWNER alone");
}

bool is_administrator(const Services& services, const Call& call) {
  return services.policy.check(call.principal, auth::Action::system_write, {}).has_value();
}

std::vector<Role> roles_at(const service::Person& person, const RolePlace& place) {
  std::vector<Role> roles;
  for (const auto& placed : person.roles) {
    if (placed.org.name == place.org && placed.team.name == place.team) roles.push_back(placed.role);
  }
  return roles;
}

bool is_in(const service::Person& person, const RolePlace& place) {
  return std::any_of(person.roles.begin(), person.roles.end(), [&](const auto& placed) {
    return placed.org.name == place.org && (place.team.empty() || placed.team.name == place.team);
  });
}

}  // namespace berth::api::ngc
