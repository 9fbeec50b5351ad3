// Handlers of `berth admin gc` and `berth admin repo history|restore`: what a daemon does through its API, on data that none serves.
#pragma once

#include "berth/app/admin.h"

namespace berth::app {

// Everything that is due, not a round's share of it; or what that would be. The answer is that of POST /api/v1/system/gc.
base::Result<base::OrderedJson> collect(AdminPlace& place, const AdminArguments& arguments);
// Errors: name_invalid, repository_unknown, usage.
base::Result<base::OrderedJson> show_history(AdminPlace& place, const AdminArguments& arguments);
// Errors: name_invalid, event_unknown, restore_impossible, usage.
base::Result<base::OrderedJson> restore_event(AdminPlace& place, const AdminArguments& arguments);

}  // namespace berth::app
