#include "api/ngc/face.h"

#include "api/answers.h"
#include "berth/api/errors.h"

namespace berth::api {

namespace {

// NGC's words for what went wrong, by status; facts/ngc.md 1.3 has them all.
std::string_view status_code(const base::Error& error, int status) {
  if (error.code() == base::ErrorCode::already_exists) return "EXISTS";
  switch (status) {
    case 400: return "INVALID_REQUEST";
    case 401: return "UNAUTHORIZED";
    case 403: return "FORBIDDEN";
    case 404: return "NOT_FOUND";
    case 405: return "METHOD_NOT_ALLOWED";
    case 408: return "TIMEOUT";
    case 409: return "CONFLICT";
    case 413: return "PAYLOAD_TOO_LARGE";
    case 429: return "TOO_MANY_REQUESTS";
    case 500: return "INTERNAL_ERROR";
    case 503: return "SERVICE_UNAVAILABLE";
    case 507: return "INSUFFICIENT_STORAGE";
    default: return "UNKNOWN";
  }
}

}  // namespace

http::Response render_ngc_error(const http::Request& request, const base::Error& error) {
  const int status = error_row(error.code()).status;
  auto response = json_answer(
      status,
      base::OrderedJson{
          {"requestStatus",
           {{"statusCode", status_code(error, status)}, {"statusDescription", error.message()}, {"requestId", request.id}}}});
  response.fields.add("X-Content-Type-Options", "nosniff");
  // Where a route asked for an account the pipeline puts its own challenge here.
  if (error.code() == base::ErrorCode::unauthorized) response.fields.add("WWW-Authenticate", "Basic realm=\"berth\"");
  add_retry_after(response, error);
  return response;
}

Face ngc_face() {
  static const std::vector<Route> kAll = [] {
    std::vector<Route> all = ngc_me_routes();
    for (const auto* more : {&ngc_org_routes(), &ngc_user_routes(), &ngc_audit_routes(), &ngc_invitation_routes()})
      all.insert(all.end(), more->begin(), more->end());
    return all;
  }();
  return {"ngc", kAll, render_ngc_error, Slash::tolerated};
}

}  // namespace berth::api
