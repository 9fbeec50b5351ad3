// The way of handlers to accounts.
#pragma once

#include "api/call.h"

namespace berth::api {

// For routes that are nothing without accounts; what is done with them is done on the caller's behalf. Errors: unsupported (--open).
base::Result<service::Accounts> accounts_of(const Services& services, const Call& call);

// As accounts_of().
base::Result<service::Invitations> invitations_of(const Services& services, const Call& call);

}  // namespace berth::api
