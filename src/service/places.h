// Organisations and teams by the names that people use, as every service of accounts looks them up.
#pragma once

#include <string_view>

#include "berth/base/error.h"
#include "berth/catalog/accounts.h"
#include "berth/service/accounts.h"

namespace berth::service {

// object_unknown: "there is no WHAT NAME".
base::Error no_such(std::string_view what, std::string_view name);

// Errors: object_unknown.
base::Result<catalog::Org> get_named_org(catalog::AccountCatalog& rows, std::string_view name);
base::Result<catalog::Team> get_named_team(catalog::AccountCatalog& rows, const catalog::Org& org, std::string_view name);

}  // namespace berth::service
