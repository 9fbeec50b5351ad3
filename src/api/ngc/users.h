// Handlers of users and their roles, in an organisation and in a team of it; v2 and v3 paths share them.
#pragma once

#include "berth/api/routes.h"

namespace berth::api::ngc {

base::Result<Answer> list_users(const Services& services, Call& call);
base::Result<Answer> add_user(const Services& services, Call& call);
base::Result<Answer> get_user(const Services& services, Call& call);
base::Result<Answer> remove_user(const Services& services, Call& call);
base::Result<Answer> add_roles(const Services& services, Call& call);
base::Result<Answer> set_roles(const Services& services, Call& call);
base::Result<Answer> remove_roles(const Services& services, Call& call);

}  // namespace berth::api::ngc
