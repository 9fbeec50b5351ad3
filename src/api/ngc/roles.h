// Who may give and take which roles (CONTRACTS.md, Roles × actions): what the rows' access cannot say because it depends on the role.
#pragma once

#include <span>

#include "api/ngc/answers.h"

namespace berth::api::ngc {

// The parameter `roles`, repeated or as a comma list, each once. Errors: parameter_invalid (also: none).
base::Result<std::vector<catalog::Role>> parse_roles(const Query& query);
// Names, each once. Errors: parameter_invalid.
base::Result<std::vector<catalog::Role>> parse_roles(const std::vector<std::string>& names);
// ORG_OWNER is given and taken by an ORG_OWNER alone (the platform administrator counts as one). Errors: denied, parameter_invalid (of a team).
base::Result<void> check_roles(const Services& services, const Call& call, const service::RolePlace& place,
                               std::span<const catalog::Role> roles);
// A platform administrator, in person.
bool is_administrator(const Services& services, const Call& call);
// Those of `person` at `place`; at an organisation's those in its teams are left out.
std::vector<catalog::Role> roles_at(const service::Person& person, const service::RolePlace& place);
bool is_in(const service::Person& person, const service::RolePlace& place);

}  // namespace berth::api::ngc
