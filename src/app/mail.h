// The mail server that the settings name.
#pragma once

#include <memory>

#include "berth/app/settings.h"
#include "berth/outbound/mail.h"

namespace berth::app {

// nullptr: none is named. Errors: configuration_invalid, naming the setting or the library that is missing; io_error (the password's file).
base::Result<std::unique_ptr<outbound::Mailer>> make_mailer(const Settings& settings);

}  // namespace berth::app
