#include "api/accounts.h"

namespace berth::api {

namespace {

auto no_accounts() { return base::fail(base::ErrorCode::unsupported, "this registry runs with --open: it has no accounts"); }

}  // namespace

base::Result<service::Accounts> accounts_of(const Services& services, const Call& call) {
  if (services.accounts != nullptr) return services.accounts->by(call.origin());
  return no_accounts();
}

base::Result<service::Invitations> invitations_of(const Services& services, const Call& call) {
  if (services.invitations != nullptr) return services.invitations->by(call.origin());
  return no_accounts();
}

}  // namespace berth::api
