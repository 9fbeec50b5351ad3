#include "api/accounts.h"

namespace berth::api {

base::Result<service::Accounts> accounts_of(const Services& services, const Call& call) {
  if (services.accounts != nullptr) return services.accounts->by(call.origin());
  return base::fail(base::ErrorCode::unsupported, "this registry runs with --open: it has no accounts");
}

}  // namespace berth::api
