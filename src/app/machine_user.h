// Who administers on the machine, as the audit log calls them.
#pragma once

#include <cstdint>

#include "berth/catalog/audit.h"

namespace berth::app {

// "machine:alice", or the number of a user without a name: whoever may run a process as that user may change the data.
catalog::Origin on_machine(std::uint32_t user);

}  // namespace berth::app
