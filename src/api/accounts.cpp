#include "api/accounts.h"

namespace berth::api {

base::Result<service::Accounts*> accounts_of(const Services& services) {
  if (services.accounts != nullptr) return services.accounts;
  return base::fail(base::ErrorCode::unsupported, "this registry runs with --open: it has no accounts");
}

}  // namespace berth::api
