#include "service/places.h"

#include <string>

namespace berth::service {

using base::ErrorCode;
using base::Result;

base::Error no_such(std::string_view what, std::string_view name) {
  return {ErrorCode::object_unknown, "there is no " + std::string(what) + ' ' + std::string(name)};
}

Result<catalog::Org> get_named_org(catalog::AccountCatalog& rows, std::string_view name) {
  BERTH_TRY(auto org, rows.find_org(name));
  if (!org) return base::fail(no_such("organisation", name));
  return std::move(*org);
}

Result<catalog::Team> get_named_team(catalog::AccountCatalog& rows, const catalog::Org& org, std::string_view name) {
  BERTH_TRY(auto team, rows.find_team(org.id, name));
  if (!team) return base::fail(no_such("team", org.name + '/' + std::string(name)));
  return std::move(*team);
}

}  // namespace berth::service
