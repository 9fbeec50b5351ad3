// The way of handlers to accounts.
#pragma once

#include "berth/api/application.h"

namespace berth::api {

// For routes that are nothing without accounts. Errors: unsupported (--open).
base::Result<service::Accounts*> accounts_of(const Services& services);

}  // namespace berth::api
