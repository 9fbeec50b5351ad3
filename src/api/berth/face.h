// Berth's own face: what no standard covers; operations, and what NGC has no route for. Errors are RFC 9457 problems.
#pragma once

#include "berth/api/routes.h"

namespace berth::api {

Face berth_face();
// Rows of the face's table that stand in a file of their own.
const std::vector<Route>& upkeep_routes();
const std::vector<Route>& retention_routes();
const std::vector<Route>& audit_routes();
const std::vector<Route>& me_routes();
const std::vector<Route>& key_routes();
const std::vector<Route>& openness_routes();
const std::vector<Route>& invitation_routes();
const std::vector<Route>& session_routes();
// application/problem+json with code, request_id, text_key and args beside RFC 9457's members.
http::Response render_problem(const http::Request& request, const base::Error& error);

}  // namespace berth::api
