// NGC's REST: organisations, teams, users, invitations, roles, in the routes and shapes that NVIDIA's own client works with. Errors are
// {"requestStatus":{statusCode, statusDescription, requestId}} with the real reason in statusDescription, as that client prints it.
// Spec: facts/ngc.md 1.3, 1.4; facts/ngc-wire.md 3, 4, 11.
#pragma once

#include "berth/api/routes.h"

namespace berth::api {

Face ngc_face();
// Rows of the face's table that stand in files of their own.
const std::vector<Route>& ngc_me_routes();
const std::vector<Route>& ngc_org_routes();
const std::vector<Route>& ngc_user_routes();
const std::vector<Route>& ngc_audit_routes();
const std::vector<Route>& ngc_invitation_routes();
http::Response render_ngc_error(const http::Request& request, const base::Error& error);

}  // namespace berth::api
